server {
  default_game = "arean"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
