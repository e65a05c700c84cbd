plugin "skill" {
  command = ["bin/plugins/balance-skill"]
}
game "arena" {
  plugin "rules" {
    command = ["bin/plugins/validate-rules"]
  }
  hooks "plugin" {
  }
  hooks "plugin" {
    use = "skil"
  }
  hooks "plugin" {
    use = "Agones"
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
game "duel" {
  hooks "plugin" {
    use = "rules"
  }
  allocate "local" {
    command = ["bin/arena-server"]
    ports   = "22000-22009"
  }
}
