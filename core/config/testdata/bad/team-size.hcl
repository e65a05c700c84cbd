game "arena" {
  lobby {
    team "Red" {
      size = 0
    }
    team "Blue" {
      size = 2.5
    }
    team "Green" {
      size = "4"
    }
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
