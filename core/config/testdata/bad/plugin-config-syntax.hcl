plugin "discord" {
  command = ["bin/plugins/auth-discord"]
  config {
    title = "hush
    url   = "hush"
  }
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
