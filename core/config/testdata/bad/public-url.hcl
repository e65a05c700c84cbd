server {
  public_url = "play.example.com"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
