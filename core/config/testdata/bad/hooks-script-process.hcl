game "arena" {
  hooks "script" {
    entry        = "hooks/arena.ts"
    memory_limit = "256MiB"
  }
  hooks "script" {
    entry        = "hooks/small.ts"
    isolation    = "process"
    memory_limit = "1MiB"
  }
  hooks "script" {
    entry        = "hooks/none.ts"
    isolation    = "process"
    memory_limit = 0
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
