game "arena" {
  hooks "script" {
  }
  hooks "script" {
    entry = "hooks"
  }
  hooks "script" {
    entry = "hooks/muster.d.ts"
  }
  hooks "script" {
    entry = "hooks/arena.TS"
  }
  hooks "script" {
    entry = "hooks/arena.lua"
  }
  hooks "script" {
    entry = ["hooks/arena.ts"]
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
