server {
  data_dir = ""
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
