game "arena" {
  hooks "script" {
    entry          = "hooks/arena.ts"
    isolation      = "process"
    test_on_reload = true
    memory_limit   = "256MiB"
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
