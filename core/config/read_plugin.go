package config

import (
	"fmt"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// anonymous is the way to sign in that is built in.
const anonymous = "anonymous"

// offered is a plugin block with the place that it was read from.
type offered struct {
	game, name string
	at         hcl.Range
	used       bool
}

// plugins reads the plugin blocks of the file, or of a game.
func (r *reader) plugins(in *section, game string, mode Mode) []Plugin {
	var all []Plugin
	seen := map[string]int{}
	for _, b := range in.blocks("plugin", "a name") {
		name, at := b.Labels[0], b.LabelRanges[0]
		line, twice := seen[name]
		switch {
		case !gameName.MatchString(name):
			p := problem{
				text: fmt.Sprintf("%q cannot be the name of a plugin.", name),
				help: `A name has 1 to 32 of a-z, 0-9, "_", "-", and begins with a letter or digit.`,
			}
			if fixed := slug(name); gameName.MatchString(fixed) {
				p.hint = `"` + fixed + `"`
			}
			r.fail(at, p)
		case name == anonymous:
			r.fail(at, problem{text: `"anonymous" is Muster's own way to sign in, no name of a plugin.`, help: "Give this one another name."})
		case twice:
			r.fail(at, problem{text: fmt.Sprintf("There is a plugin %q already, in line %d.", name, line), help: "Give this one another name."})
		}
		if !twice {
			seen[name] = at.Start.Line
			r.offered = append(r.offered, &offered{game: game, name: name, at: b.DefRange()})
		}
		all = append(all, r.plugin(b, game, mode))
	}
	return all
}

func (r *reader) plugin(b *hclsyntax.Block, game string, mode Mode) Plugin {
	title := fmt.Sprintf("plugin %q", b.Labels[0])
	if game != "" {
		title += fmt.Sprintf(" of game %q", game)
	}
	s := r.open("plugin", title, b.Body, b.DefRange())
	s.required("command", `what starts the plugin: ["bin/plugins/auth-discord"]`)
	p := Plugin{
		Name:        b.Labels[0],
		Command:     s.command("command"),
		Env:         s.environment("env"),
		Timeout:     get(s, "timeout", seconds(2), duration(time.Millisecond, time.Minute)),
		MemoryLimit: s.pluginMemory(),
		Settings:    s.settings(),
	}
	p.SHA256 = s.checksum("sha256", p.Command, mode)
	return p
}

// The least and the default of a plugin's memory_limit: with less, hardly any program
// can answer a call.
const (
	leastPluginMemory   = 16 << 20
	defaultPluginMemory = 256 << 20
)

// pluginMemory reads memory_limit: no plugin goes without.
func (s *section) pluginMemory() Size {
	limit := get(s, "memory_limit", defaultPluginMemory, size)
	if limit < leastPluginMemory && !s.r.failedAt(s, "memory_limit") {
		s.r.fail(s.place("memory_limit"), problem{text: "memory_limit is too low for a plugin.", help: `Give it "16MiB" or more.`})
	}
	return Size(limit)
}

// use reads which plugin a block of a game means.
func (r *reader) use(s *section, c *Config, g Game) string {
	s.required("use", `the name of a plugin block: "skill"`)
	return get(s, "use", "", of(func(t string) (string, *misfit) {
		if r.find(c, g, t) {
			return t, nil
		}
		return "", noPlugin(t, pluginNames(c, g))
	}))
}

func noPlugin(name string, known []string) *misfit {
	bad := &misfit{is: "is no plugin of this game", help: fmt.Sprintf(`Add a block: plugin %q { command = ["bin/plugins/%s"] }.`, name, name)}
	if !gameName.MatchString(name) {
		bad.help = "It is the name of a plugin block."
	}
	if len(known) > 0 {
		bad.help = "It has " + list(quoted(known), "and") + "."
	}
	if hint := nearest(name, known); hint != "" {
		bad.hint = `"` + hint + `"`
	}
	return bad
}

// find looks for the plugin that a game means by a name, and takes note that it
// is used.
func (r *reader) find(c *Config, g Game, name string) bool {
	if _, there := c.PluginFor(g, name); !there {
		return false
	}
	for _, game := range []string{g.Name, ""} {
		for _, o := range r.offered {
			if o.name == name && o.game == game {
				o.used = true
				return true
			}
		}
	}
	return true
}

// pluginNames are those that a game may use, its own first.
func pluginNames(c *Config, g Game) []string {
	var all []string
	seen := map[string]bool{}
	for _, plugins := range [][]Plugin{g.Plugins, c.Plugins} {
		for _, p := range plugins {
			if !seen[p.Name] {
				all = append(all, p.Name)
			}
			seen[p.Name] = true
		}
	}
	return all
}

// idlePlugins warns of plugins that nothing asks. After an error, which may be
// why, it does not.
func (r *reader) idlePlugins() {
	if r.diags.HasErrors() {
		return
	}
	for _, o := range r.offered {
		if o.used {
			continue
		}
		who := "no game"
		if o.game != "" {
			who = fmt.Sprintf("nothing in game %q", o.game)
		}
		r.warn(o.at, problem{
			text: fmt.Sprintf("The plugin %q is never asked: %s uses it.", o.name, who),
			help: fmt.Sprintf(`Name it in auth, or by use = %q in a hooks "plugin" or allocate "plugin" block.`, o.name),
		})
	}
}
