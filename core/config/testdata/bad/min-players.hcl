game "arena" {
  lobby {
    min_players = 9
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
