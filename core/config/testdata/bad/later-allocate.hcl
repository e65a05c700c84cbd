game "arena" {
  allocate "plugin" {
    use = "agones"
  }
  allocate "script" {
  }
}
