limits {
  disabled = yes
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
