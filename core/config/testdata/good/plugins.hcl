plugin "discord" {
  command      = ["bin/plugins/auth-discord"]
  sha256       = "2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824"
  env          = { HTTPS_PROXY = env("HTTPS_PROXY", "") }
  timeout      = "5s"
  memory_limit = "512MiB"
  config {
    application_id = env("GAMEFLOW_GAME_ID")
    scopes         = ["identify"]
    pin            = 7
  }
}
plugin "skill" {
  command = ["balance-skill"]
}
game "arena" {
  auth = ["anonymous", "discord", "house"]
  plugin "discord" {
    command = ["bin/plugins/auth-discord", "-verbose"]
  }
  plugin "agones" {
    command = ["/opt/agones"]
  }
  hooks "script" {
    entry          = "hooks/arena.ts"
    isolation      = "embedded"
    timeout        = "80ms"
    test_on_reload = false
    memory_limit   = "128MiB"
    on_failure     = { validate_start = "allow", balance_teams = "refuse" }
    fetch {
      allow = ["API.example.com", "*.Example.org:8443", "127.0.0.1", "::1", "[2001:db8::1]:80", "localhost:3000"]
    }
  }
  hooks "plugin" {
    use        = "skill"
    points     = ["assign_team", "balance_teams"]
    on_failure = "builtin"
  }
  hooks "plugin" {
    use    = "discord"
    points = ["authenticate", "events"]
  }
  hooks "script" {
    entry        = "/srv/rules/more.mjs"
    isolation    = "process"
    memory_limit = "64MiB"
    on_failure   = "refuse"
  }
  allocate "plugin" {
    use            = "agones"
    region         = "eu"
    timeout        = "90s"
    max_concurrent = 4
    on_unknown     = "fail"
  }
  allocate "script" {
  }
}
game "duel" {
  auth = ["discord"]
  hooks "plugin" {
    use = "skill"
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
