game "arena" {
  allocate "gameflow" {
    game_id = "game-1"
    api_key = env("GAMEFLOW_API_KEY")
    fleet      = true
    on_unknown = "ask"
  }
}
