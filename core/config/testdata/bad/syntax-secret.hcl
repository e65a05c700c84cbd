auth {
  secret = "hush hush
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
