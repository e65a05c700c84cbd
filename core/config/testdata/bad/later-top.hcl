cluster "redis" {
  url = env("REDIS_URL")
}
plugin "discord" {
  command = ["bin/plugins/auth-discord"]
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
