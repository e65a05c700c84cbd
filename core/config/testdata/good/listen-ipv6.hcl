server {
  listen = "[::1]:443"
  tls {
    cert = "c.pem"
    key  = "k.pem"
  }
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
