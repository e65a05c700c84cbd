game "arena" {
  lobby {
    team "Red" {
      size = 600
    }
    team "Blue" {
      size = 600
    }
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
