server {
  data_dir = "/var/lib/muster"
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
