# one
// two
/* three */
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
