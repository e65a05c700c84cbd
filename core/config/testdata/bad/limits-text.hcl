limits {
  disabled = "true"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
