plugin "discord" {
  command = ["bin/plugins/auth-discord"]
}
plugin "discord" {
  command = ["bin/plugins/auth-discord"]
}
game "arena" {
  auth = ["discord"]
  plugin "discord" {
    command = ["bin/plugins/auth-discord"]
  }
  plugin "discord" {
    command = ["bin/plugins/auth-discord"]
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
