game "arena" {
  lobby {
    min_players = "a" + 1
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
