game "arena" {
  hooks "script" {
    entry = "hooks/arena.ts"
  }
  hooks "script" {
    entry = "./hooks/arena.ts"
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
