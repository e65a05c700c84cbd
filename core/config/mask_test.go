package config

import (
	"bytes"
	"strings"
	"testing"
)

// TestMaskHolds damages a file with secrets at every place in several ways: what
// a person is told never has a piece of a secret in it.
func TestMaskHolds(t *testing.T) {
	const base = `server {
  public_url = "https://me:hushhushhush@play.example.com"
}
auth {
  secret = "hushhushhush"
}
plugin "discord" {
  command = ["x"]
  config {
    application = "hushhushhush"
    url         = { first = "hushhushhush" }
  }
}
game "arena" {
  allocate "gameflow" {
    game_id = "game-1"
    api_key = env("NO_KEY", "hushhushhush")
  }
  allocate "local" {
    command = ["x"]
    env     = { TOKEN = "hushhushhush", "OTHER" = "hushhushhush" }
  }
}
`
	told := 0
	for at := range len(base) {
		for _, piece := range []string{"", `"`, "'", "=", "$", "${", "}", "\n", "\\", "\x00", "\xff", " x ", "é"} {
			src := base[:at] + piece + base[at:]
			if piece == "" {
				src = base[:at] + base[at+1:]
			}
			_, found := Parse("config.hcl", []byte(src), testOptions())
			var b bytes.Buffer
			if err := Format(&b, found, false); err != nil {
				t.Fatal(err)
			}
			told += len(found)
			if strings.Contains(b.String(), "hush") || strings.Contains(found.Error(), "hush") {
				t.Fatalf("%q at %d:\n%s", piece, at, b.String())
			}
		}
	}
	if told < 1000 {
		t.Errorf("only %d diagnostics", told)
	}
}
