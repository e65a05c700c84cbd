game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
    warm         = 2
    warm_buffer  = 4
    max          = 5
    cpu_limit    = 0.5
    memory_limit = "1MiB"
  }
}
