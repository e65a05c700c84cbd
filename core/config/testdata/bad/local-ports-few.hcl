game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
    ports      = "21000"
    port_names = ["default", "query"]
  }
}
