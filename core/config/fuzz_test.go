package config

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
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
			bad = bad || (a.Gameflow == nil) == (a.Local == nil) || a.MaxConcurrent < 1
			if a.Local != nil {
				bad = bad || len(a.Local.Command) == 0 || a.Local.Env == nil || a.Local.Ports.Count() < len(a.Local.PortNames) || len(a.Local.PortNames) == 0 ||
					a.Local.Address == "" || a.Local.Timeout <= 0 || a.Local.StopGrace <= 0 || a.Local.Max < 1
			} else {
				bad = bad || a.Gameflow.GameID == "" || a.Gameflow.APIKey.Empty() || a.Gameflow.URL == ""
			}
		}
	}
	if bad {
		t.Fatalf("%+v", c)
	}
	if changes := Diff(c, c); len(changes) > 0 {
		t.Fatalf("differs from itself: %v", changes)
	}
}
