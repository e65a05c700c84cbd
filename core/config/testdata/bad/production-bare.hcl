server {
  mode = "production"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
