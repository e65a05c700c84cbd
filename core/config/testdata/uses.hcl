plugin "discord" {
  command = ["bin/discord"]
}
plugin "skill" {
  command = ["bin/skill"]
}
plugin "fleet" {
  command = ["bin/fleet"]
}
plugin "other" {
  command = ["bin/other"]
}
game "arena" {
  auth = ["anonymous", "discord", "other"]
  plugin "discord" {
    command = ["bin/own"]
  }
  hooks "plugin" {
    use    = "skill"
    points = ["balance_teams", "validate_start"]
  }
  hooks "plugin" {
    use = "discord"
  }
  allocate "plugin" {
    use = "fleet"
  }
}
game "duel" {
  auth = ["discord"]
  hooks "plugin" {
    use = "discord"
  }
  hooks "plugin" {
    use = "skill"
  }
  allocate "plugin" {
    use = "other"
  }
}
