game "arena" {
  lobby {
  }
  lobby {
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
