game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
    memory_limit = "lots"
  }
}
