game "arena" {
  lobby {
    min_players = 0
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
