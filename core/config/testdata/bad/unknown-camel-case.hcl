game "arena" {
  lobby {
    minPlayers = 2
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
