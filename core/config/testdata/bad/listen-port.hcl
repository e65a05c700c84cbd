server {
  listen = "127.0.0.1:73500"
  admin_listen = "exa mple:80"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
