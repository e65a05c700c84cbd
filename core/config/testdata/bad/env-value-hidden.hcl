server {
  listen = env("NONSENSE")
  mode = env("NONSENSE")
  drain = env("NONSENSE")
  origins = [env("NONSENSE")]
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
