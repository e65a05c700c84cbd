server {
  listen = ":7350"
  listen = ":7351"
  drian = "2s"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
