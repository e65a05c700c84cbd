auth {
  secret = "hush"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
