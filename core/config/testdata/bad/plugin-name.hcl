plugin "Auth Discord" {
  command = ["bin/plugins/auth-discord"]
}
plugin "" {
  command = ["bin/plugins/auth-discord"]
}
plugin "anonymous" {
  command = ["bin/plugins/auth-discord"]
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
