package config

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/sdk/hook"
)

// FuzzParse: no input makes a panic, every diagnostic has its place, a config
// that comes out holds what its types promise, and no secret is printed.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.hcl", "testdata/bad/*.hcl", "../../config.hcl"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("%s: %v", pattern, err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		c, found := Parse("fuzz.hcl", src, testOptions())
		var b bytes.Buffer
		for _, colour := range []bool{false, true} {
			if err := Format(&b, found, colour); err != nil {
				t.Fatal(err)
			}
		}
		if (c == nil) != found.HasErrors() {
			t.Fatalf("config %v with %v", c, found)
		}
		for _, d := range found {
			if d.Line < 1 || d.Column < 1 || d.EndColumn <= d.Column || d.Text == "" || d.Severity == 0 {
				t.Fatalf("%+v", d)
			}
		}
		// What the environment holds is in no message, whatever the file does with it.
		for _, name := range []string{"MUSTER_SECRET", "NONSENSE"} {
			if bytes.Contains(b.Bytes(), []byte(testEnv[name])) && !bytes.Contains(src, []byte(testEnv[name])) {
				t.Fatalf("%s is shown:\n%s", name, b.String())
			}
		}
		if c != nil {
			checkConfig(t, c)
		}
	})
}

// checkConfig holds what the doc comments of the types promise.
func checkConfig(t *testing.T, c *Config) {
	t.Helper()
	s := c.Server
	bad := len(c.Games) == 0 || s.Listen == "" || s.AdminListen == "" || s.PublicURL == "" || !filepath.IsAbs(s.DataDir) || !filepath.IsAbs(c.SQLite.Path) ||
		c.Auth.RefreshTTL < c.Auth.AccessTTL || c.Auth.AccessTTL <= 0 || s.Drain < 0
	bad = bad || s.Mode == Production && (len(c.Auth.Secret.Reveal()) < minProductionSecret || len(s.Origins) == 0)
	if _, there := c.Game(s.DefaultGame); !there && (s.DefaultGame != "" || len(c.Games) == 1) {
		bad = true
	}
	for _, g := range c.Games {
		l := g.Lobby
		bad = bad || !gameName.MatchString(g.Name) || g.Title == "" || len(g.Auth) == 0 || g.Web != "" && !filepath.IsAbs(g.Web) ||
			len(l.Teams) == 0 || len(l.Teams) > maxTeams || l.Seats() > maxSeats || l.MinPlayers < 1 || l.MinPlayers > l.Seats() || l.MatchTimeout <= 0
		for _, a := range g.Allocate {
			bad = bad || !exactlyOne(a.Gameflow != nil, a.Local != nil, a.Plugin != nil, a.Script != nil) || a.MaxConcurrent < 1
			switch {
			case a.Plugin != nil:
				_, there := c.PluginFor(g, a.Plugin.Use)
				bad = bad || !there || a.Plugin.Timeout < time.Second
			case a.Script != nil:
				bad = bad || !scripted(g) || a.Script.Timeout < time.Second
			case a.Local != nil:
				bad = bad || len(a.Local.Command) == 0 || a.Local.Env == nil || a.Local.Ports.Count() < len(a.Local.PortNames) || len(a.Local.PortNames) == 0 ||
					a.Local.Address == "" || a.Local.Timeout <= 0 || a.Local.StopGrace <= 0 || a.Local.Max < 1
			default:
				bad = bad || a.Gameflow.GameID == "" || a.Gameflow.APIKey.Empty() || a.Gameflow.URL == ""
			}
		}
	}
	if bad {
		t.Fatalf("%+v", c)
	}
	checkExtensions(t, c)
	if changes := Diff(c, c); len(changes) > 0 {
		t.Fatalf("differs from itself: %v", changes)
	}
}

// checkExtensions holds what the doc comments of plugins and hooks promise.
func checkExtensions(t *testing.T, c *Config) {
	t.Helper()
	for _, g := range c.Games {
		for _, p := range append(g.Plugins, c.Plugins...) {
			sum := len(p.SHA256) == checksumDigits && strings.ToLower(p.SHA256) == p.SHA256 || p.SHA256 == "" && c.Server.Mode == Development
			if !gameName.MatchString(p.Name) || len(p.Command) == 0 || p.Env == nil || p.Timeout <= 0 || p.Settings == nil || !sum {
				t.Fatalf("%+v", p)
			}
			checkSettings(t, p.Settings)
		}
		for _, name := range g.Auth {
			if _, there := c.PluginFor(g, name); name != anonymous && !there && !scripted(g) {
				t.Fatalf("nobody serves the sign-in %q", name)
			}
		}
		for _, h := range g.Hooks {
			if !exactlyOne(h.Script != nil, h.Plugin != nil) {
				t.Fatalf("%+v", h)
			}
			if h.Script != nil && (!filepath.IsAbs(h.Script.Entry) || h.Script.Timeout <= 0) {
				t.Fatalf("%+v", h.Script)
			}
			if h.Plugin != nil {
				if _, there := c.PluginFor(g, h.Plugin.Use); !there {
					t.Fatalf("%+v", h.Plugin)
				}
				for _, p := range h.Plugin.Points {
					if _, err := hook.ParsePoint(p); err != nil {
						t.Fatal(err)
					}
				}
			}
			for p, word := range h.OnFailure {
				_, badPoint := hook.ParsePoint(p)
				_, badWord := hook.ParsePolicy(word)
				if badPoint != nil || badWord != nil {
					t.Fatalf("%v, %v", badPoint, badWord)
				}
			}
		}
	}
}

// checkSettings holds for a config block and any schema.
func checkSettings(t *testing.T, s *PluginSettings) {
	t.Helper()
	values, found := s.Check(testSchema())
	found = append(found, s.Problem("pin", "is wrong"), s.Problem("", "is wrong"))
	var b bytes.Buffer
	if err := Format(&b, found, false); err != nil {
		t.Fatal(err)
	}
	for _, d := range found {
		if d.Line < 1 || d.Column < 1 || d.EndColumn <= d.Column || d.Text == "" || d.Severity != Error {
			t.Fatalf("%+v", d)
		}
	}
	if len(found) == 2 && len(values) != len(testSchema()) {
		t.Fatalf("%v", values)
	}
	if strings.Contains(b.String(), testEnv["NONSENSE"]) && !bytes.Contains(s.src, []byte(testEnv["NONSENSE"])) {
		t.Fatalf("a secret is shown:\n%s", b.String())
	}
}

func scripted(g Game) bool {
	return slices.ContainsFunc(g.Hooks, func(h Hooks) bool { return h.Script != nil })
}

func exactlyOne(set ...bool) bool {
	n := 0
	for _, s := range set {
		if s {
			n++
		}
	}
	return n == 1
}
