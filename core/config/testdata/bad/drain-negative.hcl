server {
  drain = "-5s"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
