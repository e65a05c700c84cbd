game "arena" {
  rating_report = true
  plugin "discord" {
  }
  hooks "script" {
    entry = "hooks/arena.ts"
  }
  hooks "plugin" {
  }
  queue "ranked" {
  }
  allocation_api {
    keys = ["hush"]
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
