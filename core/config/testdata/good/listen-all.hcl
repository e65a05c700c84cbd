server {
  listen = ":7350"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
