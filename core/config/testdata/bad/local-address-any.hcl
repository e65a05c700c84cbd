game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
    address = "0.0.0.0"
  }
}
