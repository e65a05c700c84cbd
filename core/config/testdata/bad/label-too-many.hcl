game "arena" "duel" {
}
