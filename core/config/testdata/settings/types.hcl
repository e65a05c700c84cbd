  config {
    application_id = 7
    pin            = ["hush"]
    preset         = true
    rate           = "2.5"
    strict         = "yes"
    timeout        = 5
    scopes         = "identify"
    ranks          = ["gold"]
    api_url        = null
  }
