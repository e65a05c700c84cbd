server {
  listen = file("x")
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
