game "arena" {
  auth = ["house"]
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
game "duel" {
  auth = ["house"]
  hooks "script" {
    entry = "hooks/duel.ts"
  }
  plugin "mine" {
    command = ["bin/plugins/mine"]
  }
  allocate "local" {
    command = ["bin/arena-server"]
    ports   = "22000-22009"
  }
}
