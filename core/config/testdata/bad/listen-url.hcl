server {
  listen = "http://127.0.0.1:7350"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
