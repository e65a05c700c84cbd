game "arena" {
  allocate "gameflow" {
  }
}
