game "arena" {
  hooks "script" {
    entry     = "hooks/arena.ts"
    isolation = "embeded"
    timeout   = 50
    points    = ["validate_start"]
    allow     = ["api.example.com"]
    fetch {
      allowed = []
    }
    fetch {
    }
  }
  hooks "script" {
    entry   = "hooks/other.ts"
    timeout = "0s"
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
