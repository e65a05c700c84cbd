game "arena" {
  lobby {
    team "Everybody" {
      size = 1000
    }
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
