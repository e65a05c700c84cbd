game "arena" {
  lobby {
    team "Red" {
    }
    team "Red" {
    }
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
