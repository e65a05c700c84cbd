game "arena" {
  title = ""
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
