server {
  origins = [for x in ["a", "b"] : "https://${x}.example.com"]
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
