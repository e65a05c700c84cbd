server {
  public_url = "https://Play.example.com"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
