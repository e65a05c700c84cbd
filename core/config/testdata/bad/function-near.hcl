server {
  listen = getenv("LISTEN")
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
