package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func parsed(t *testing.T, src string) *Config {
	t.Helper()
	c, found := Parse("config.hcl", []byte(src), testOptions())
	if found.HasErrors() {
		t.Fatal(found)
	}
	return c
}

const diffBase = `
server {
  tls {
    cert = "cert.pem"
    key  = "key.pem"
  }
}
auth {
  secret = "hush hush hush hush hush"
}
plugin "discord" {
  command = ["bin/discord"]
  env     = { PROXY = "hush" }
  config {
    application = "hush 1"
    pin         = 7
  }
}
game "arena" {
  auth = ["discord"]
  lobby {
    min_players = 2
  }
  hooks "script" {
    entry      = "hooks/arena.ts"
    on_failure = { before_chat = "refuse" }
  }
  hooks "plugin" {
    use    = "discord"
    points = ["events"]
  }
  allocate "local" {
    command = ["bin/a"]
    env     = { TOKEN = "hush one", GONE = "hush two" }
  }
}
game "duel" {
}
`

func TestDiff(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		want           []string
	}{
		{"nothing", `min_players = 2`, `min_players = 2 # the same`, nil},
		{"value", `min_players = 2`, `min_players = 3`, []string{`game.arena.lobby.min_players: 2 → 3`}},
		{"default is a value", `min_players = 2`, ``, []string{`game.arena.lobby.min_players: 2 → 1`}},
		{"restart", "server {", "server {\n  listen = \":8000\"", []string{
			`server.listen: "127.0.0.1:7350" → ":8000" (needs a restart)`,
			`server.public_url: "https://127.0.0.1:7350" → "https://localhost:8000"`,
		}},
		{"secret", `"hush hush hush hush hush"`, `"hush hush hush hush HUSH"`, []string{`auth.secret: (secret) → (secret) (needs a restart)`}},
		{"secret gone", `"hush hush hush hush hush"`, `""`, []string{`auth.secret: (secret) → "" (needs a restart)`}},
		{"environment", `{ TOKEN = "hush one", GONE = "hush two" }`, `{ TOKEN = "hush 1", NEW = "hush" }`, []string{
			`game.arena.allocate[0].local.env.GONE: removed (secret)`,
			`game.arena.allocate[0].local.env.NEW: added (secret)`,
			`game.arena.allocate[0].local.env.TOKEN: (secret) → (secret)`,
		}},
		{"game gone", "game \"duel\" {\n}\n", "", []string{
			`game.duel: removed {…}`, `game: arena, duel → arena`, `server.default_game: "" → "arena"`,
		}},
		{"game new", "game \"duel\" {\n}\n", "game \"duel\" {\n}\ngame \"x\" {\n}\n", []string{
			`game.x: added {…}`, `game: arena, duel → arena, duel, x`,
		}},
		{"tls gone", "tls {\n    cert = \"cert.pem\"\n    key  = \"key.pem\"\n  }", "", []string{
			`server.public_url: "https://127.0.0.1:7350" → "http://127.0.0.1:7350"`, `server.tls: removed {…} (needs a restart)`,
		}},
		{"tls file", `"cert.pem"`, `"other.pem"`, []string{
			`server.tls.cert: "/srv/muster/cert.pem" → "/srv/muster/other.pem" (needs a restart)`,
		}},
		{"other provider", "allocate \"local\" {\n    command = [\"bin/a\"]\n    env     = { TOKEN = \"hush one\", GONE = \"hush two\" }",
			"allocate \"gameflow\" {\n    game_id = \"x\"\n    api_key = \"hush\"", []string{
				`game.arena.allocate[0].gameflow: added {…}`, `game.arena.allocate[0].local: removed {…}`,
			}},
		{"plugin", `["bin/discord"]`, `["bin/other", "-v"]`, []string{`plugin.discord.command: ["/srv/muster/bin/discord"] → ["/srv/muster/bin/other", "-v"]`}},
		{"memory", `["bin/discord"]`, "[\"bin/discord\"]\n  memory_limit = \"1GiB\"", []string{`plugin.discord.memory_limit: "256MiB" → "1GiB"`}},
		{"settings", "\"hush 1\"\n    pin         = 7", `"hush 2"` + "\n    extra = [\"hush\"]", []string{
			`plugin.discord.config.application: (secret) → (secret)`, `plugin.discord.config.extra: added (secret)`, `plugin.discord.config.pin: removed (secret)`,
		}},
		{"settings moved", "application =", "\n\n    application =", nil},
		{"plugin of the game", `auth = ["discord"]`, "auth = [\"discord\"]\n  plugin \"discord\" {\n    command = [\"x\"]\n  }", []string{
			`game.arena.plugin.discord: added {…}`, `game.arena.plugin: added discord`,
		}},
		{"script", `"hooks/arena.ts"`, `"hooks/other.ts"`, []string{`game.arena.hooks[0].script.entry: "/srv/muster/hooks/arena.ts" → "/srv/muster/hooks/other.ts"`}},
		{"policy", `{ before_chat = "refuse" }`, `{ before_chat = "allow", events = "allow" }`, []string{
			`game.arena.hooks[0].on_failure: {before_chat = "refuse"} → {before_chat = "allow", events = "allow"}`,
		}},
		{"points", `["events"]`, `["events", "rpc"]`, []string{`game.arena.hooks[1].plugin.points: ["events"] → ["events", "rpc"]`}},
		{"teams", "lobby {", "lobby {\n    team \"A\" {\n    }\n    team \"C\" {\n      size = 9\n    }", []string{
			`game.arena.allocate[0].local.max_players: 8 → 13`,
			`game.arena.lobby.team.B: removed {…}`, `game.arena.lobby.team.C: added {…}`, `game.arena.lobby.team: A, B → A, C`,
		}},
		{"store", "auth {", "store \"sqlite\" {\n  path = \"/x.db\"\n}\nauth {", []string{
			`store.sqlite.path: "/srv/muster/data/muster.db" → "/x.db" (needs a restart)`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(diffBase, c.old) {
				t.Fatal("the case changes nothing")
			}
			var got []string
			for _, change := range Diff(parsed(t, diffBase), parsed(t, strings.Replace(diffBase, c.old, c.new, 1))) {
				got = append(got, change.String())
				if strings.Contains(fmt.Sprintf("%#v", change), "hush") {
					t.Errorf("a secret is shown: %v", change)
				}
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// TestDiffSeesEverything: every tagged field of the types takes part.
func TestDiffSeesEverything(t *testing.T) {
	c := parsed(t, diffBase)
	seen := map[string]bool{}
	for _, s := range flatten(c) {
		if seen[s.path] {
			t.Errorf("%s twice", s.path)
		}
		seen[s.path] = true
	}
	for block, n := range reference() {
		prefix := map[string]string{"server": "server.", "tls": "server.tls.", "auth": "auth.", "limits": "limits.", "store": "store.sqlite.",
			"game": "game.arena.", "lobby": "game.arena.lobby.", "team": "game.arena.lobby.team.A.", "plugin": "plugin.discord.", "hooks script": "game.arena.hooks[0].script.",
			"hooks plugin": "game.arena.hooks[1].plugin.", "fetch": "game.arena.hooks[0].script.fetch.", "allocate local": "game.arena.allocate[0].local."}[block]
		if prefix == "" {
			continue
		}
		for _, name := range n.attrs {
			switch name {
			case "rating_report", "on_unknown", "isolation",
				"max_concurrent", "env", "on_failure":
				continue // not built yet, or asked for elsewhere
			}
			if !seen[prefix+name] {
				t.Errorf("%s%s is not compared", prefix, name)
			}
		}
	}
}
