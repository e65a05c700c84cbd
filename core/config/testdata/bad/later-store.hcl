store "postgres" {
  url = "postgres://me:hush@db/muster"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
