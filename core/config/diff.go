package config

import (
	"fmt"
	"strings"
)

// Change is one difference between two configs.
type Change struct {
	// Path is dotted: game.arena.lobby.min_players. That of a provider has its
	// place in the chain: game.arena.allocate[0].local.max.
	Path string
	// Old and New are the values as the file would have them, "(secret)" for a
	// secret, "{…}" for a whole block, empty for what is not there.
	Old, New string
	// Restart: a running server cannot take this over.
	Restart bool
}

// String is the change in one line.
func (c Change) String() string {
	var b strings.Builder
	switch {
	case c.Old == "":
		fmt.Fprintf(&b, "%s: added %s", c.Path, c.New)
	case c.New == "":
		fmt.Fprintf(&b, "%s: removed %s", c.Path, c.Old)
	default:
		fmt.Fprintf(&b, "%s: %s → %s", c.Path, c.Old, c.New)
	}
	if c.Restart {
		b.WriteString(" (needs a restart)")
	}
	return b.String()
}

// Diff lists what differs, in the order of the reference; defaults count as the
// values that they are. A block that is new or gone is one change.
func Diff(old, new *Config) []Change {
	before, after := flatten(old), flatten(new)
	was := map[string]setting{}
	for _, s := range before {
		was[s.path] = s
	}
	is := map[string]setting{}
	for _, s := range after {
		is[s.path] = s
	}
	var changes []Change
	whole := "" // inside a block that was told as a whole
	tell := func(s setting, old, new string) {
		if whole != "" && strings.HasPrefix(s.path, whole) {
			return
		}
		if whole = ""; s.block {
			whole = s.path + "."
		}
		changes = append(changes, Change{Path: s.path, Old: old, New: new, Restart: s.restart})
	}
	for _, s := range before {
		if _, stays := is[s.path]; !stays {
			tell(s, s.shown, "")
		}
	}
	whole = ""
	for _, s := range after {
		o, there := was[s.path]
		switch {
		case !there:
			tell(s, "", s.shown)
		case o.compared != s.compared:
			tell(s, o.shown, s.shown)
		}
	}
	return changes
}
