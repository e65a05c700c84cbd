lobby {
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
