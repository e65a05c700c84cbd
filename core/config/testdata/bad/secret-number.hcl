auth {
  secret = 12345678
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
