plugin "skill" {
  command = ["bin/plugins/balance-skill"]
}
game "arena" {
  hooks "plugin" {
    use    = "skill"
    points = ["assign_team", "balance_teams"]
  }
  hooks "plugin" {
    use    = "skill"
    points = ["validate_start", "balance_teams"]
  }
  hooks "plugin" {
    use = "skill"
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
