game "arena" {
}
