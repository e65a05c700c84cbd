server {
  listen = env()
  mode = env("A", "B", "C")
  drain = env("A", 5)
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
