server {
  tls {
    cert = "cert.pem"
  }
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
