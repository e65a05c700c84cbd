server {
  listen = env("LISTEN")
  drain  = env("DRAIN", "7s")
}
limits {
  disabled = env("YES", "false")
}
game "arena" {
  lobby {
    min_players = env("NUMBER")
    after_match = env("YES") == "true" ? "reopen" : "delete"
  }
  allocate "local" {
    command = ["${env("BIN", "bin")}/arena-server"]
  }
}
