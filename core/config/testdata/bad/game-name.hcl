game "Arena One" {
}
game "-x" {
}
