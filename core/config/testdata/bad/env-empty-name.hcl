server {
  listen = env("")
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
