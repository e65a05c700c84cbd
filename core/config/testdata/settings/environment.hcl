  config {
    application_id = "x"
    preset         = env("NONSENSE")
    rate           = env("NONSENSE")
    strict         = env("NONSENSE")
    timeout        = env("NONSENSE")
    scopes         = env("NONSENSE")
    ranks          = env("NONSENSE")
  }
