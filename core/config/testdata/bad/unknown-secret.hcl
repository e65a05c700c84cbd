auth {
  secrt = "hush-hush-hush-hush-hush"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
