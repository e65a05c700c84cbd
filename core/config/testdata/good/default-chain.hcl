server {
  drain = env("NO_A", env("NO_B", "3s"))
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
