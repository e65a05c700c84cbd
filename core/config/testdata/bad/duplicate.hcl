game "arena" {
  duplicate = "replce"
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
