server {
  trusted_proxies = ["10.0.0.1", "10.1.2.3/8", "10.0.0.0/33", "all"]
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
