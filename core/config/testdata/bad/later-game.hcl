game "arena" {
  rating_report = true
  queue "ranked" {
  }
  allocation_api {
    keys = ["hush"]
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
