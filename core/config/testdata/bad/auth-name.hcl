game "arena" {
  auth = ["House Rules", 7, ""]
  hooks "script" {
    entry = "hooks/arena.ts"
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
