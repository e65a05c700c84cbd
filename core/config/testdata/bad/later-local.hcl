game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
    warm         = 2
    warm_buffer  = 1
    cpu_limit    = 0.5
    memory_limit = "512MiB"
  }
}
