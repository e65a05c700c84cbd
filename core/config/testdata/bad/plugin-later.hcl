plugin "discord" {
  command      = ["bin/plugins/auth-discord"]
  memory_limit = "512MiB"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
