plugin "discord" {
  command = ["bin/plugins/auth-discord"]
  config "production" {
  }
  config = { pin = "hush" }
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
