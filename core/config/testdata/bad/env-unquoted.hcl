server {
  listen = env(LISTEN)
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
