  config {
    applicationId = "x"
    pinn          = "hush"
    colour        = "red"
  }
