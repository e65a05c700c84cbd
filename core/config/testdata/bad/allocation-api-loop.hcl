server {
  listen     = "0.0.0.0:9000"
  public_url = "https://play.example.com/muster/"
}
game "arena" {
  allocation_api {
    keys = [env("MUSTER_SECRET")]
  }
  allocate "gameflow" {
    game_id = "arena"
    api_key = env("MUSTER_SECRET")
    url     = "https://play.example.com/muster/v1/"
  }
  allocate "gameflow" {
    game_id = "duel"
    api_key = env("MUSTER_SECRET")
    url     = "http://localhost:9000/v1"
  }
}
game "duel" {
  allocation_api {
    keys = [env("MUSTER_SECRET")]
  }
  allocate "gameflow" {
    game_id = "duel"
    api_key = env("MUSTER_SECRET")
    url     = "http://localhost:9000/v1"
  }
}
