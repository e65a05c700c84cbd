game "arena" {
  lobby {
    team "" {
    }
    team " Red" {
    }
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
