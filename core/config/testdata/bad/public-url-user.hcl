server {
  public_url = "https://me:hush@play.example.com"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
