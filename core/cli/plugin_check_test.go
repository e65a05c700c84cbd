package cli

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/config"
)

const withPlugins = `plugin "discord" {
  command = ["sh"]
  config {
    url = "nonsense"
  }
}
plugin "skill" {
  command = ["sh"]
}
plugin "missing" {
  command = ["bin/missing"]
}
game "arena" {
  auth = ["anonymous", "discord", "missing"]
  plugin "own" {
    command = ["sh"]
  }
  hooks "plugin" {
    use    = "skill"
    points = ["balance_teams", "events"]
  }
  hooks "plugin" {
    use = "own"
  }
  hooks "script" {
    entry = "arena.ts"
  }
  hooks "script" {
    entry = "missing.ts"
  }
  allocate "local" {
    command = ["sh"]
  }
}
`

// fakeChecks answers for withPlugins; bad makes each part fail in its own way.
func fakeChecks(bad bool) checks {
	return checks{
		plugins: func(_ context.Context, cfg *config.Config, _ *zap.Logger) ([]pluginReport, error) {
			all := []pluginReport{
				{Name: "discord", Program: "auth-discord", Version: "1.0.0", Points: []string{"authenticate"}},
				{Name: "skill", Program: "balance-skill", Version: "1.0.0", Points: []string{"balance_teams", "events"}},
				{Name: "missing", Err: os.ErrNotExist},
				{Game: "arena", Name: "own", Program: "own", Version: "1.0.0", Points: []string{"rpc"}},
			}
			if bad {
				all[0].Diagnostics = config.Diagnostics{cfg.Plugins[0].Settings.Problem("url", "is not a URL")}
				all[1].Points = all[1].Points[1:]
				all[3] = pluginReport{Game: "arena", Name: "own", Err: errors.New("it speaks protocol 1,\nthis server 2")}
			}
			return all, nil
		},
		scripts: func(_ context.Context, cfg *config.Config) []scriptReport {
			all := []scriptReport{
				{Game: "arena", Entry: cfg.Games[0].Hooks[2].Script.Entry, Points: []string{"validate_start"}},
				{Game: "arena", Entry: cfg.Games[0].Hooks[3].Script.Entry, Err: os.ErrNotExist},
			}
			if bad {
				all[0].Err = errors.New("arena.ts:3:7: Expected \";\"\n  let x y\x1b\n")
			}
			return all
		},
	}
}

func pluginConfig(t *testing.T) string {
	t.Helper()
	path := writeConfig(t, withPlugins)
	if err := os.WriteFile(strings.Replace(path, "config.hcl", "arena.ts", 1), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPluginCheck(t *testing.T) {
	path := pluginConfig(t)
	out, errOut, err := runCommand(t, newPluginCommand("", fakeChecks(false)), "check", "-config", path, "skill")
	if want := "NAME   GAME  PROGRAM              SERVES                 RESULT\nskill  -     balance-skill 1.0.0  balance_teams, events  ok\n"; err != nil || out != want || errOut != "" {
		t.Errorf("%v\n%s%s", err, out, errOut)
	}
	out, errOut, err = runCommand(t, newPluginCommand("", fakeChecks(true)), "check", "-config", path)
	if want := `NAME     GAME   PROGRAM              SERVES        RESULT
discord  -      auth-discord 1.0.0   authenticate  not ok
skill    -      balance-skill 1.0.0  events        ok
missing  -      -                    -             not ok
own      arena  -                    -             not ok
`; !errors.Is(err, errShown) || out != want {
		t.Errorf("%v\n%s", err, out)
	}
	for _, want := range []string{
		`:4:11: error: url: "nonsense" is not a URL.`, `:10:1: error: plugin "missing": file does not exist.`,
		`:15:3: error: plugin "own" of game "arena": it speaks protocol 1, this server 2.`, `:20:14: error: The plugin "skill" does not serve balance_teams.`,
	} {
		if !strings.Contains(errOut, want) {
			t.Errorf("%q is not in\n%s", want, errOut)
		}
	}
	for args, want := range map[string]string{"check -config " + path + " skil": `has no plugin "skil"`} {
		if _, _, err := runCommand(t, newPluginCommand("", fakeChecks(false)), strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
	none := writeConfig(t, "game \"arena\" {\n}\n")
	if out, _, err := runCommand(t, newPluginCommand("", fakeChecks(false)), "check", "-config", none); err != nil || out != none+" has no plugins\n" {
		t.Errorf("%v\n%s", err, out)
	}
	broken := checks{plugins: func(context.Context, *config.Config, *zap.Logger) ([]pluginReport, error) {
		return nil, errors.New("no room")
	}}
	if _, _, err := runCommand(t, newPluginCommand("", broken), "check", "-config", path); err == nil || err.Error() != "the plugins cannot be checked: no room" {
		t.Error(err)
	}
}

// TestConfigCheckStarts: config check asks plugins and scripts, but for what is
// not on this machine, which stays a warning.
func TestConfigCheckStarts(t *testing.T) {
	path := pluginConfig(t)
	out, errOut, err := runCommand(t, newConfigCommand(fakeChecks(false)), "check", "-config", path)
	if want := path + ": ok — 1 game: arena; 3 plugins, 1 script (2 warnings)\n"; err != nil || out != want {
		t.Errorf("%v\n%s%s", err, out, errOut)
	}
	out, errOut, err = runCommand(t, newConfigCommand(fakeChecks(true)), "check", "-config", path)
	if !errors.Is(err, errShown) || out != "" || !strings.HasSuffix(errOut, "\n\n"+path+": not ok — 4 errors, 2 warnings\n") ||
		!strings.Contains(errOut, "\n\ngame \"arena\": arena.ts:3:7: Expected \";\"\n  let x y \n") || !strings.Contains(errOut, "is not a URL") {
		t.Errorf("%v\n%s%s", err, out, errOut)
	}
	out, _, err = runCommand(t, newConfigCommand(fakeChecks(true)), "check", "-offline", "-config", path)
	if want := path + ": ok — 1 game: arena (2 warnings)\n"; err != nil || out != want {
		t.Errorf("%v\n%s", err, out)
	}
}
