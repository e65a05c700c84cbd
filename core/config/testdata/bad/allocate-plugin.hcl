plugin "agones" {
  command = ["bin/plugins/agones"]
}
game "arena" {
  allocate "plugin" {
  }
  allocate "plugin" {
    use        = "agnes"
    timeout    = "10ms"
    region     = ""
    on_unknown = "ask"
    command    = ["bin/plugins/agones"]
  }
}
