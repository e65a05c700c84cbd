package config

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// addresses below /auth that are no providers.
var authAddresses = []string{"refresh", "logout"}

// signIns reads the ways to sign in: "anonymous", a plugin, else an export of a
// script of this game.
func (r *reader) signIns(s *section, c *Config, g Game) []string {
	scripts := hasLabelled(s.body, "hooks", kindScript)
	names := getList(s, "auth", []string{anonymous}, of(func(t string) (string, *misfit) {
		known := append([]string{anonymous}, pluginNames(c, g)...)
		switch {
		case slices.Contains(authAddresses, t):
			return "", &misfit{is: "cannot be a way to sign in: /auth/" + t + " has a meaning of its own", help: "Give the plugin another name."}
		case t == anonymous || r.find(c, g, t) || scripts && gameName.MatchString(t):
			return t, nil
		}
		bad := &misfit{is: "is not a way to sign in", help: "This game has " + list(quoted(known), "and") + "."}
		switch hint := nearest(t, known); {
		case hint != "":
			bad.hint = `"` + hint + `"`
		case !gameName.MatchString(t):
			bad.help = `A name has 1 to 32 of a-z, 0-9, "_", "-", and begins with a letter or digit.`
		default:
			bad.help += fmt.Sprintf(` Others come from a plugin %q { } block, or from a hooks "script" { } block.`, t)
		}
		return "", bad
	}))
	if len(names) == 0 && !r.failedAt(s, "auth") {
		r.fail(s.place("auth"), problem{text: "auth is empty: nobody could sign in.", hint: `["anonymous"]`})
	}
	r.misspelt(s, c, g, names)
	return names
}

// misspelt warns of ways to sign in that a script would have to answer, and that
// look as if another was meant.
func (r *reader) misspelt(s *section, c *Config, g Game, names []string) {
	known := append([]string{anonymous}, pluginNames(c, g)...)
	for _, name := range names {
		for _, other := range known {
			if slices.Contains(known, name) || slices.Contains(names, other) || !near(name, other) {
				continue
			}
			r.warn(s.place("auth"), problem{
				text: fmt.Sprintf("The script is asked for the sign-in %q: there is no such plugin.", name),
				hint: `"` + other + `"`,
			})
		}
	}
}

func hasLabelled(body *hclsyntax.Body, kind, label string) bool {
	return slices.ContainsFunc(body.Blocks, func(b *hclsyntax.Block) bool {
		return b.Type == kind && len(b.Labels) == 1 && b.Labels[0] == label
	})
}
