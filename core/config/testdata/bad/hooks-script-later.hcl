game "arena" {
  hooks "script" {
    entry          = "hooks/arena.ts"
    isolation    = "process"
    memory_limit = "256MiB"
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
