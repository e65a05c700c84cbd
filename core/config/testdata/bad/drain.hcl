server {
  drain = 20
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
