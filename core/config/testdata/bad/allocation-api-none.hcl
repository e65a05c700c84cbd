game "arena" {
  allocation_api {
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
game "duel" {
  allocation_api {
    keys = []
  }
  allocate "local" {
    ports   = "22000-22009"
    command = ["bin/arena-server"]
  }
}
