store "sqlite" {
}
store "sqlite" {
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
