plugin "discord" {
  command = ["bin/plugins/auth-discord"]
}
plugin "skill" {
  command = ["bin/plugins/balance-skill"]
}
game "arena" {
  auth = ["anonymus", "discrod"]
  plugin "skill" {
    command = ["bin/plugins/balance-skill"]
  }
  hooks "script" {
    entry = "hooks/arena.ts"
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
game "duel" {
  hooks "plugin" {
    use = "skill"
  }
  allocate "local" {
    command = ["bin/arena-server"]
    ports   = "22000-22009"
  }
}
