plugin "discord" {
  command      = ["bin/plugins/auth-discord"]
  memory_limit = "15MiB"
}
plugin "skill" {
  command      = ["bin/plugins/balance-skill"]
  memory_limit = 0
}
plugin "more" {
  command      = ["bin/plugins/more"]
  memory_limit = "256MB"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
