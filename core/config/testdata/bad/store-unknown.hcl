store "sqlite3" {
}
store "mysql" {
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
