server {
  public_url = "https://play.example.com/?x=1"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
