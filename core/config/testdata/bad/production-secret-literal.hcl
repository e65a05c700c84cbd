server {
  mode    = "production"
  origins = ["https://play.example.com"]
}
auth {
  secret = "hush-hush-hush-hush"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
