server {
  drain = "2 minutes"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
