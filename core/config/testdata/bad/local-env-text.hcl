game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
    env = "TOKEN=hush"
  }
}
