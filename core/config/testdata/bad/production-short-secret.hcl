server {
  mode    = "production"
  origins = []
}
auth {
  secret = env("EMPTY", "")
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
