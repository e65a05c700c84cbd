game "arena" {
  lobby {
    after_match = "open"
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
