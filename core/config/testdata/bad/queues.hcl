game "arena" {
  rating_report = true
  allocate "local" {
    command = ["arena-server"]
  }
  queue "ranked" {
    provider = "gameflow"
  }
}
game "duel" {
  allocate "gameflow" {
    game_id    = "game-1"
    api_key    = env("GAMEFLOW_API_KEY")
    on_unknown = "ask"
  }
  queue "Ranked!" {
    provider = "gamefow"
    mode     = "two teams"
    limit    = "0s"
  }
  queue "casual" {
    limits = "1m"
  }
  queue "casual" {
    provider = "gameflow"
  }
}
