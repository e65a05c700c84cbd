game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
    ports = "many"
  }
}
