game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
    ports   = "22000-22010"
  }
}
