  config {
    application_id = "x"
    scopes         = ["identify", 7, ["email"]]
    ranks          = { gold = 1, silver = { low = "1" } }
    rate           = 1e999
  }
