cluster "redis" {
  url = env("REDIS_URL")
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
