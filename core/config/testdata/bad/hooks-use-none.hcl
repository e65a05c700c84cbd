game "arena" {
  hooks "plugin" {
    use = "skill"
  }
  hooks "plugin" {
    use = "Skill"
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
