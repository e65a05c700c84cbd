game "arena" {
  auth = []
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
