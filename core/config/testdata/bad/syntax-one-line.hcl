game "arena" {
  lobby { min_players = 2 max_lobbies = 5 }
}
