plugin {
  command = ["bin/plugins/auth-discord"]
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
