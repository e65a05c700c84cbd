plugin "discord" {
  command = ["bin/plugins/auth-discord"]
}
game "arena" {
  auth = ["anonymous", "dicsord", "discord", "discord", "Discord"]
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
