plugin "refresh" {
  command = ["bin/plugins/auth-discord"]
}
game "arena" {
  auth = ["refresh", "logout"]
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
