game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
    ports = "21099-21000"
  }
}
