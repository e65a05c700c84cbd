game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
    port_names = ["game-a", "game_a", "a b"]
  }
}
