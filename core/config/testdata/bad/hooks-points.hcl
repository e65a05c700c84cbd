plugin "skill" {
  command = ["bin/plugins/balance-skill"]
}
game "arena" {
  hooks "plugin" {
    use     = "skill"
    points  = ["balance_team", "validateStart", "scores", "allocate", "make_matches", "release", "authenticate", "events", "events"]
    timeout = "2s"
  }
  hooks "plugin" {
    use    = "skill"
    points = []
  }
  hooks "plugin" {
    use    = "skill"
    points = "balance_teams"
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
