server {
}
server {
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
