auth {
  secret = env("MUSTER_SECRT")
}
game "arena" {
  allocate "gameflow" {
    game_id = "game-1"
    api_key = env("NO_KEY")
  }
}
