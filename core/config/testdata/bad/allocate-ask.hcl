game "arena" {
  hooks "script" {
    entry = "arena.ts"
  }
  allocate "script" {
    on_unknown = "ask"
  }
}
