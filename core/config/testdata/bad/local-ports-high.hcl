game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
    ports = "65000-70000"
  }
}
