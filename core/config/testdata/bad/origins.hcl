server {
  origins = ["https://play.example.com/", "play.example.com", "https://*.example.com", "https://ok.example.com", "https://ok.example.com", 5]
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
