server {
  mode       = "production"
  public_url = "https://play.example.com"
  origins    = ["https://play.example.com"]
}
auth {
  secret = env("MUSTER_SECRET")
}
game "arena" {
  allocation_api {
    keys = ["hush-hush", "hush hush hush hush hush", env("EMPTY", ""), "hush-hush-hush-hush", "hush-hush-hush-hush"]
    key  = "hush"
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
