game {
}
