server {
  default_game = "chess"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
