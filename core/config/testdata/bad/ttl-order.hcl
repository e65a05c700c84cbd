auth {
  access_ttl  = "720h"
  refresh_ttl = "24h"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
