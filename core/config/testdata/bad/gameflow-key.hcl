game "arena" {
  allocate "gameflow" {
    game_id = ""
    api_key = "hush hush"
    timeout = "500ms"
    url     = "api.gameflow.gg/v1"
  }
}
