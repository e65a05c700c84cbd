game "arena" {
  web {
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
