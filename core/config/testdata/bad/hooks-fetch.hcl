game "arena" {
  hooks "script" {
    entry = "hooks/arena.ts"
    fetch {
      allow = [
        "https://api.example.com/v1",
        "api.example.com/v1",
        "*",
        "api.*.com",
        ".example.com",
        "10.0.0.0/8",
        "[::1]",
        "api.example.com:https",
        "1.2.3",
        "0.0.0.0",
        "API.example.com",
        "api.example.com",
        "",
        7,
      ]
    }
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
