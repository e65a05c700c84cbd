server "main" {
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
