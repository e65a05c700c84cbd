  config {
    application_id = "x"
    preset         = "gogle"
    timeout        = "5 seconds"
    rate           = "lots"
    strict         = "true"
  }
