server {
  mode         = "production"
  origins      = ["https://play.example.com"]
  admin_listen = ":7351"
}
auth {
  secret = env("MUSTER_SECRET")
}
limits {
  disabled = true
}
game "arena" {
  lobby {
    team "Red" {
    }
    team "A" {
    }
  }
  allocate "local" {
    command = ["bin/arena-server"]
    ports = "21000-21009"
    max   = 20
    env   = { GAMEFLOW_DEFAULT_PORT = "1" }
  }
  allocate "gameflow" {
    game_id = "game-1"
    api_key = env("GAMEFLOW_API_KEY")
  }
}
game "empty" {
}
