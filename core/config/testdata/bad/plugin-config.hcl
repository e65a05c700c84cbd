plugin "discord" {
  command = ["bin/plugins/auth-discord"]
  config {
    application = upper("hush")
    pin         = hush
    other       = [env("NOT_SET"), "hush"]
    nested {
      pin = "hush"
    }
  }
  config {
    pin = "hush"
  }
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
