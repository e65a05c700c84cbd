plugin "discord" {
}
plugin "empty" {
  command = []
}
plugin "text" {
  command = "bin/plugins/auth-discord"
}
game "arena" {
  plugin "discord" {
    config {
    }
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
