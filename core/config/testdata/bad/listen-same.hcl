server {
  listen = ":7351"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
