plugin "skill" {
  command = ["bin/plugins/balance-skill"]
}
game "arena" {
  hooks "script" {
    entry      = "hooks/a.ts"
    on_failure = "refused"
  }
  hooks "script" {
    entry      = "hooks/b.ts"
    on_failure = "reject"
  }
  hooks "script" {
    entry      = "hooks/c.ts"
    on_failure = ["refuse"]
  }
  hooks "script" {
    entry      = "hooks/d.ts"
    on_failure = {
      balance_team  = "builtin"
      validateStart = "refuse"
      nothing       = "refuse"
      assign_team   = "builtn"
      before_chat   = true
      make_matches  = "builtin"
      allocate      = "allow"
    }
  }
  hooks "plugin" {
    use        = "skill"
    points     = ["balance_teams"]
    on_failure = { assign_team = "builtin" }
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
