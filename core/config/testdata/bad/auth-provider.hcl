game "arena" {
  auth = ["anonymous", "discord"]
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
