game "arena" {
  allocate "script" {
    use = "arena"
  }
}
