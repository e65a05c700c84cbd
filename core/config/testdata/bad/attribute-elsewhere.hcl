game "arena" {
  max_lobbies = 5
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
