game "arena" {
  lobby = {
    min_players = 2
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
