game "arena" {
  lobby {
    match_timeout = "0s"
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
