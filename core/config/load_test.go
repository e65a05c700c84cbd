package config

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestShipped reads the config that comes with Muster, with nothing set.
func TestShipped(t *testing.T) {
	path := filepath.Join("..", "..", "config.hcl")
	c, found := Load(path, Options{Files: IgnoreFiles, LookupEnv: func(string) (string, bool) { return "", false }})
	if len(found) > 0 {
		t.Fatal(found)
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Games) != 2 || c.Server.DefaultGame != "arena" || c.Dir != root || c.Path != path {
		t.Errorf("%+v", c)
	}
	arena, _ := c.Game("arena")
	duel, there := c.Game("duel")
	if !there || arena.Lobby.Seats() != 8 || duel.Lobby.Seats() != 2 || duel.Lobby.MinPlayers != 2 || arena.Lobby.AfterMatch != AfterMatchReopen {
		t.Errorf("%+v\n%+v", arena, duel)
	}
	if arena.Lobby.ReconnectGrace != 30*time.Second || arena.Web != filepath.Join(root, "sample-game", "web") || duel.Web != arena.Web {
		t.Errorf("%+v", arena)
	}
	local := duel.Allocate[0].Local
	if local.Command[0] != filepath.Join(root, "bin", "arena-server") || local.Env.Reveal()["ARENA_MODE"] != "duel" || local.Ports != (PortRange{21050, 21099}) {
		t.Errorf("%+v", local)
	}
}

// TestShippedComments holds that what the shipped file has commented out is right:
// all of it parses once the signs are gone, and nothing of it is unknown.
func TestShippedComments(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("..", "..", "config.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(src), "\n")
	for i, line := range lines {
		rest := strings.TrimSpace(line)
		code := strings.TrimSpace(strings.TrimLeft(rest, "#"))
		if strings.HasPrefix(rest, "#") && (strings.Contains(code, " = ") || strings.HasSuffix(code, "{") || code == "}") && !strings.HasPrefix(code, "bin/") {
			lines[i] = code
		}
	}
	o := testOptions()
	o.LookupEnv = func(name string) (string, bool) { return "value", !strings.HasSuffix(name, "LISTEN") }
	_, found := Parse("config.hcl", []byte(strings.Join(lines, "\n")), o)
	for _, d := range found.Errors() {
		if strings.Contains(d.Text, "There is no") && !strings.Contains(d.Text, "There is no game") || !strings.Contains(d.Text, "does not have it yet") &&
			!strings.Contains(d.Text, "too few for a secret") {
			t.Errorf("%v\n%s", d, d.Source)
		}
	}
	if len(found.Errors()) < 3 {
		t.Errorf("only %d of what is not built was seen: %v", len(found.Errors()), found)
	}
}

func TestLoadCannotRead(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big.hcl")
	if err := os.WriteFile(big, bytes.Repeat([]byte("#"), maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none.hcl"): "no such file",
		dir:                            "directory",
		big:                            "over 1024 KiB",
	} {
		c, found := Load(path, Options{})
		if c != nil || len(found.Errors()) != 1 || !strings.Contains(found[0].Text, want) || found[0].File != path {
			t.Errorf("%s: %v", path, found)
		}
		var b bytes.Buffer
		if err := Format(&b, found, false); err != nil || !strings.HasPrefix(b.String(), path+": error: ") {
			t.Errorf("%v\n%s", err, b.String())
		}
	}
}

// TestFiles: what a config names and is not there is an error for a server, a
// warning for a check.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{"web", "bin"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("bin/there", "#!/bin/sh\n", 0o700)
	write("bin/plain", "text", 0o600)
	write("cert.pem", "cert", 0o600)
	file := func(cert, web, command string) string {
		return `server {
  tls {
    cert = "` + cert + `"
    key  = "cert.pem"
  }
}
game "arena" {
  web = "` + web + `"
  allocate "local" {
    command = ["` + command + `"]
  }
}
`
	}
	for _, c := range []struct{ cert, web, command, want string }{
		{"cert.pem", "web", "bin/there", ""},
		{"cert.pem", "web", "sh", ""},
		{"none.pem", "web", "bin/there", "does not exist"},
		{"web", "web", "bin/there", "is a folder"},
		{"cert.pem", "cert.pem", "bin/there", "is not a folder"},
		{"cert.pem", "none", "bin/there", "does not exist"},
		{"cert.pem", "web", "bin/none", "does not exist"},
		{"cert.pem", "web", "bin/plain", "cannot be run"},
		{"cert.pem", "web", "no-such-program-in-path", "is not in PATH"},
	} {
		path := write("config.hcl", file(c.cert, c.web, c.command), 0o600)
		for _, mode := range []Files{WarnFiles, RequireFiles, IgnoreFiles} {
			conf, found := Load(path, Options{Files: mode})
			want := Diagnostics{}
			switch {
			case mode == WarnFiles:
				want = found.Warnings()
			case mode == RequireFiles:
				want = found.Errors()
			}
			if c.want == "" || mode == IgnoreFiles {
				if len(found) > 0 || conf == nil {
					t.Errorf("%+v, %d: %v", c, mode, found)
				}
				continue
			}
			if len(found) != 1 || len(want) != 1 || !strings.Contains(want[0].Text, c.want) || (conf == nil) != (mode == RequireFiles) {
				t.Errorf("%+v, %d: %v", c, mode, found)
			}
		}
	}
}

// TestAdminListen: a command finds a running server by a file that this shell
// could not serve.
func TestAdminListen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.hcl")
	for src, want := range map[string]string{
		"":                                       "127.0.0.1:7351",
		"server {\n  admin_listen = \":9\"\n}\n": ":9",
		"auth {\n  secret = env(\"NOT_SET\")\n}\nserver {\n  admin_listen = env(\"NOT_SET\", \"[::1]:9\")\n  nothing = 1\n}\n": "[::1]:9",
		"server {\n  admin_listen = env(\"NOT_SET\")\n}\n":                                                                     "",
		"server {\n  admin_listen = 9\n}\n":                                                                                    "",
		"server {\n  admin_listen = \":9\n}\n":                                                                                 "",
	} {
		if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		got, found := AdminListen(path, Options{LookupEnv: func(string) (string, bool) { return "", false }})
		if got != want || found.HasErrors() != (want == "") {
			t.Errorf("%s: %q, %v", src, got, found)
		}
	}
	if got, found := AdminListen(path+"x", Options{}); got != "" || !found.HasErrors() {
		t.Errorf("%q, %v", got, found)
	}
}

func TestTooDeep(t *testing.T) {
	for _, src := range []string{
		"x = " + strings.Repeat("[", 20_000),
		"x = " + strings.Repeat("!", 20_000) + "true",
		"x = " + strings.Repeat("1+", 20_000) + "1",
		"x = " + strings.Repeat("true ? 1 : ", 20_000) + "1",
		"x = " + strings.Repeat(`"${`, 20_000),
		strings.Repeat("a {\n", 20_000),
	} {
		if _, found := Parse("x.hcl", []byte(src), testOptions()); len(found) != 1 || !strings.Contains(found[0].Text, "nested") {
			t.Errorf("%.20s: %d", src, len(found))
		}
	}
}
