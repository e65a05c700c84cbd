plugin "a" {
  command = ["bin/plugins/a"]
  sha256  = "sha256:2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824"
}
plugin "b" {
  command = ["bin/plugins/b"]
  sha256  = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  bin/plugins/b"
}
plugin "c" {
  command = ["bin/plugins/c"]
  sha256  = "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"
}
plugin "d" {
  command = ["bin/plugins/d"]
  sha256  = "bin/plugins/d.sha256"
}
plugin "e" {
  command = ["bin/plugins/e"]
  sha256  = "none"
}
plugin "f" {
  command = ["bin/plugins/f"]
  sha256  = env("NONSENSE")
}
game "arena" {
  allocate "local" {
    command = ["bin/arena-server"]
  }
}
