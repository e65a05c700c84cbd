game "arena" {
  hook "script" {
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
