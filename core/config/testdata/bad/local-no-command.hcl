game "arena" {
  allocate "local" {
  }
}
