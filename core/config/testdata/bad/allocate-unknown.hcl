game "arena" {
  allocate "locl" {
  }
  allocate "docker" {
  }
}
