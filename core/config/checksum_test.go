package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExtensionFiles: a plugin's program and a script's entry are looked for, and
// the program is held against its checksum.
func TestExtensionFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("good", "#!/bin/sh\n", 0o700)
	write("arena.ts", "", 0o600)
	const sum = "c0808a7feaeebc9d65e8a36341fb7ea393dd1c3a7b3c3de97cb4b29b3c4f1d5b"
	actual, err := programSum([]string{filepath.Join(dir, "good")})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ mode, command, sum, entry, want, help string }{
		{"development", "./good", "", "arena.ts", "", ""},
		{"development", "./good", actual, "arena.ts", "", ""},
		{"production", "./good", strings.ToUpper(actual), "arena.ts", "", ""},
		{"development", "./none", "", "arena.ts", "does not exist", ""},
		{"development", "./none", sum, "arena.ts", "does not exist", ""},
		{"development", "./good", "", "none.ts", "does not exist", ""},
		{"development", "./good", sum, "arena.ts", "has another checksum", actual},
	} {
		path := write("config.hcl", fmt.Sprintf(extensionFiles, c.mode, c.command, c.sum, c.entry), 0o600)
		for _, mode := range []Files{WarnFiles, RequireFiles, IgnoreFiles} {
			conf, found := Load(path, Options{Files: mode})
			if c.want == "" || mode == IgnoreFiles {
				if len(found) > 0 || conf == nil {
					t.Errorf("%+v, %d: %v", c, mode, found)
				}
				continue
			}
			if len(found) != 1 || !strings.Contains(found[0].Text, c.want) || !strings.Contains(found[0].Help, c.help) ||
				found.HasErrors() != (mode == RequireFiles) || (conf == nil) != (mode == RequireFiles) {
				t.Errorf("%+v, %d: %v", c, mode, found)
			}
		}
	}
	// What is missing is told as it is to be written; that it is missing stays an error.
	for _, c := range []struct{ mode, sum string }{{"production", ""}, {"development", "./good"}, {"development", sum[1:]}} {
		path := write("config.hcl", fmt.Sprintf(extensionFiles, c.mode, "./good", c.sum, "arena.ts"), 0o600)
		for mode, want := range map[Files]string{WarnFiles: `sha256 = "` + actual + `"`, RequireFiles: `sha256 = "` + actual + `"`, IgnoreFiles: "sha256sum FILE"} {
			conf, found := Load(path, Options{Files: mode})
			if conf != nil || len(found) != 1 || !strings.Contains(found[0].Help, want) {
				t.Errorf("%+v, %d: %v", c, mode, found)
			}
		}
	}
	// A device is not read to its end.
	if _, err := programSum([]string{"/dev/zero"}); err == nil {
		t.Error("/dev/zero has a checksum")
	}
}

const extensionFiles = `server {
  mode       = "%s"
  origins    = ["https://play.example.com"]
  public_url = "https://play.example.com"
}
auth {
  secret = "0123456789012345678901234567890123456789"
}
plugin "skill" {
  command = ["%s"]
  sha256  = "%s"
}
game "arena" {
  hooks "script" {
    entry = "%s"
  }
  hooks "plugin" {
    use = "skill"
  }
  allocate "local" {
    command = ["sh"]
  }
}
`
