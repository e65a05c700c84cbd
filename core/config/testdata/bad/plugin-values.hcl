plugin "discord" {
  command      = ["bin/plugins/auth-discord"]
  sha265       = ""
  timeout      = 2
  memory_limit = "256MB"
  env          = "HTTPS_PROXY=hush"
  conf {
  }
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
