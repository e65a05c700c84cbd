server {
  origins = "https://play.example.com"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
