server {
  listen = null
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
