  config {
    pin = "hush"
  }
