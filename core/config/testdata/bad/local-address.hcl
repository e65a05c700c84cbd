game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
    address = "play.example.com:21000"
  }
}
