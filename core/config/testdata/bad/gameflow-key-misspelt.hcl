game "arena" {
  allocate "gameflow" {
    game_id = "game-1"
    apikey  = "hush-key"
  }
}
