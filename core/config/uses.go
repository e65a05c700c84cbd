package config

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/muster-gg/muster/sdk/hook"
)

// place is a piece of a config file that more can be said about when the plugins
// run. It is kept behind a pointer, so that no verb of fmt prints the file.
type place struct {
	file string
	src  []byte
	at   hcl.Range
}

func (s *section) keep(name string) *place {
	return &place{file: s.r.file, src: s.r.src, at: s.place(name)}
}

// fail makes a diagnostic; a nil place has none to show.
func (p *place) fail(text, help string) Diagnostic {
	if p == nil {
		p = &place{}
	}
	r := &reader{file: p.file, src: p.src}
	r.show(mask(p.src, p.file, nil))
	r.fail(p.at, problem{text: text, help: help})
	return r.diags[0]
}

// CheckUses holds what games want of their plugins against what these serve.
// serves answers the points of a plugin by the game whose block it is, "" for one
// that games share; those that it does not know are passed over.
func (c *Config) CheckUses(serves func(game, plugin string) (points []string, known bool)) Diagnostics {
	var found Diagnostics
	for _, g := range c.Games {
		u := use{game: g, serves: serves}
		for _, name := range g.Auth {
			u.wants(name, g.authAt, string(hook.PointAuthenticate))
		}
		for _, h := range g.Hooks {
			if h.Plugin != nil {
				u.hooks(h.Plugin)
			}
		}
		for _, a := range g.Allocate {
			if a.Plugin != nil {
				u.wants(a.Plugin.Use, a.Plugin.at, string(hook.PointAllocate))
			}
		}
		found = append(found, u.found...)
	}
	found.sort()
	return found
}

// use is one game's.
type use struct {
	game   Game
	serves func(game, plugin string) ([]string, bool)
	found  Diagnostics
}

// points are those of the plugin that the game means by a name.
func (u *use) points(name string) ([]string, bool) {
	for _, p := range u.game.Plugins {
		if p.Name == name {
			return u.serves(u.game.Name, name)
		}
	}
	return u.serves("", name)
}

func (u *use) wants(name string, at *place, wanted ...string) {
	points, known := u.points(name)
	if !known {
		return
	}
	for _, p := range wanted {
		if !slices.Contains(points, p) {
			u.found = append(u.found, at.fail(fmt.Sprintf("The plugin %q does not serve %s.", name, p), serving(points)))
		}
	}
}

func (u *use) hooks(h *PluginHooks) {
	u.wants(h.Use, h.at, h.Points...)
	points, known := u.points(h.Use)
	if len(h.Points) > 0 || !known {
		return
	}
	for _, p := range hookPoints() {
		if p != string(hook.PointAuthenticate) && slices.Contains(points, p) {
			return
		}
	}
	u.found = append(u.found, h.at.fail(fmt.Sprintf("The plugin %q serves no point for a hooks block.", h.Use), serving(points)))
}

func serving(points []string) string {
	if len(points) == 0 {
		return "It serves none."
	}
	return "It serves " + list(points, "and") + "."
}
