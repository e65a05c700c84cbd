package config

import (
	"bytes"
	"os"
	"testing"
)

// TestUses: what the plugins of testdata/uses.hcl turn out to serve is not what
// its games ask them for.
func TestUses(t *testing.T) {
	src, err := os.ReadFile("testdata/uses.hcl")
	if err != nil {
		t.Fatal(err)
	}
	c := parsed(t, string(src))
	serves := map[[2]string][]string{
		{"", "discord"}:      {"authenticate"},
		{"", "skill"}:        {"balance_teams", "assign_team"},
		{"arena", "discord"}: {"events"},
		{"", "fleet"}:        {},
	}
	found := c.CheckUses(func(game, plugin string) ([]string, bool) {
		points, known := serves[[2]string{game, plugin}]
		return points, known
	})
	var b bytes.Buffer
	if err := Format(&b, found, false); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/uses.golden", b.Bytes())
	if found := c.CheckUses(func(string, string) ([]string, bool) { return nil, false }); len(found) > 0 {
		t.Errorf("of plugins that nobody knows: %v", found)
	}
	if found := c.CheckUses(func(string, string) ([]string, bool) { return points(), true }); len(found) > 0 {
		t.Errorf("of plugins that serve all: %v", found)
	}
}
