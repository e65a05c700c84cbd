server {
  mode       = "production"
  origins    = ["https://play.example.com"]
  public_url = "https://play.example.com"
}
auth {
  secret = env("MUSTER_SECRET")
}
plugin "discord" {
  command = ["bin/plugins/auth-discord"]
}
game "arena" {
  auth = ["anonymous", "discord"]
  plugin "discord" {
    command = ["bin/plugins/auth-discord"]
    sha256  = ""
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
