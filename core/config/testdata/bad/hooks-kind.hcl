game "arena" {
  hooks "scripts" {
    entry = "hooks/arena.ts"
  }
  hooks "wasm" {
  }
  hooks {
    entry = "hooks/arena.ts"
  }
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
