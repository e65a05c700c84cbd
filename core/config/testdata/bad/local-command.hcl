game "arena" {
  allocate "local" {
    command = "bin/arena-server"
  }
  allocate "local" {
    command = []
    ports   = "22000-22099"
  }
}
