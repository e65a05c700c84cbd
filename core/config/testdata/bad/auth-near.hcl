game "arena" {
  auth = ["anonymus"]
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
