server {
  colour = "red"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
