game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
    max         = 0
    max_players = -1
  }
}
