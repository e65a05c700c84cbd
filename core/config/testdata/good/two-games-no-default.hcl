game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
game "duel" {
  allocate "local" {
    command = ["bin/arena-server"]
    ports   = "22000"
  }
}
