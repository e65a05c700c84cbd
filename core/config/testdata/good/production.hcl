server {
  mode       = "production"
  origins    = ["https://play.example.com"]
  public_url = "https://play.example.com"
}
auth {
  secret = env("MUSTER_SECRET")
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
