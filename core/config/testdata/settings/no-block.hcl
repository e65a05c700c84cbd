  timeout = "1s"
