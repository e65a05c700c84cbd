  config {
    application_id = ["x", "shown"]
    pin            = { first = "hush", "second" = "hush", third = [7] }
    api_key        = "hush"
  }
