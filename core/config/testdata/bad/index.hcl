server {
  listen = [":7350"][0]
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
