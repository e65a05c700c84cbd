package hosts

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/runtime/native"
	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hook"
)

// game is what one game's hooks are made of.
type game struct {
	config *config.Game
	native []hooks.Hook
	// blocks are the hooks blocks in the order of the config.
	blocks []block
	// signIns are the plugins of the game's auth list.
	signIns []*slot
	// allocators are the hooks behind allocate blocks.
	allocators []allocator

	// slots bound how many of the game's scripts run in the server at once.
	slots *script.Slots

	runner *hooks.Runner // nil until Attach
	set    *set
}

// block is a hooks block over what serves it.
type block struct {
	slot      *slot
	points    []hook.Point // nil: all that are served
	onFailure map[string]string
	timeout   time.Duration
}

// allocator is an allocate block that a plugin or script serves.
type allocator struct {
	name    string
	slot    *slot
	timeout time.Duration
}

// addGame finds the slots that a game uses.
func (h *Hosts) addGame(c *config.Game) error {
	g := &game{config: c, slots: script.NewSlots(0)}
	for _, n := range h.options.Native[c.Name] {
		g.native = append(g.native, hooks.Hook{Name: n.Name(), Host: native.Host, Version: n.Version(), Impl: n.Impl(), Points: n.Points()})
	}
	h.games[c.Name] = g
	for _, b := range c.Hooks {
		switch {
		case b.Script != nil:
			s := h.scriptSlot(g, b.Script)
			g.blocks = append(g.blocks, block{slot: s, onFailure: b.OnFailure, timeout: b.Script.Timeout})
		case b.Plugin != nil:
			s, p, err := h.pluginSlot(g, b.Plugin.Use)
			if err != nil {
				return err
			}
			var points []hook.Point
			for _, name := range b.Plugin.Points {
				points = append(points, hook.Point(name))
			}
			g.blocks = append(g.blocks, block{slot: s, points: points, onFailure: b.OnFailure, timeout: p.Timeout})
		}
	}
	for _, name := range c.Auth {
		if _, is := h.options.Config.PluginFor(*c, name); !is {
			continue
		}
		s, _, err := h.pluginSlot(g, name)
		if err != nil {
			return err
		}
		g.signIns = append(g.signIns, s)
	}
	providers := ProviderNames(c.Allocate)
	for i, a := range c.Allocate {
		switch {
		case a.Plugin != nil:
			s, _, err := h.pluginSlot(g, a.Plugin.Use)
			if err != nil {
				return err
			}
			g.allocators = append(g.allocators, allocator{AllocatorHook(providers[i]), s, a.Plugin.Timeout})
		case a.Script != nil:
			for _, b := range g.blocks {
				if b.slot.kind == kindScript {
					g.allocators = append(g.allocators, allocator{AllocatorHook(providers[i]), b.slot, a.Script.Timeout})
				}
			}
		}
	}
	return nil
}

// ProviderNames names the allocate blocks of a game: by what they are, a plugin by
// its name. Blocks of one name after the first are "local-2", "local-3", …
func ProviderNames(blocks []config.Allocate) []string {
	names := make([]string, len(blocks))
	count := map[string]int{}
	for i, a := range blocks {
		name := a.Kind()
		if a.Plugin != nil {
			name = a.Plugin.Use
		}
		if count[name]++; count[name] > 1 {
			name = fmt.Sprintf("%s-%d", name, count[name])
		}
		names[i] = name
	}
	return names
}

// AllocatorHook is the name of the hook behind the provider of a name.
func AllocatorHook(provider string) string { return "allocate by " + provider }

// assemble puts the game's hooks together, with some slots' versions replaced.
// Hosts.mu is held.
func (g *game) assemble(instead map[*slot]*version) (*set, error) {
	made := &set{hooks: slices.Clone(g.native)}
	use := func(s *slot) *version {
		v := instead[s]
		if v == nil {
			v = s.current
		}
		if !slices.Contains(made.versions, v) {
			made.versions = append(made.versions, v)
		}
		return v
	}
	signIns, err := g.providers(use)
	if err != nil {
		return nil, err
	}
	named := map[string]int{}
	for _, b := range g.blocks {
		v := use(b.slot)
		served, err := b.served(v)
		if err != nil {
			return nil, fmt.Errorf("game %s: %w", g.config.Name, err)
		}
		if names := signIns[b.slot]; len(names) == 0 {
			served = slices.DeleteFunc(served, func(p hook.Point) bool { return p == hook.PointAuthenticate })
		}
		if len(served) == 0 {
			continue
		}
		one := v.hook(served, b.timeout)
		one.Name = b.slot.name
		if named[one.Name]++; named[one.Name] > 1 {
			one.Name = fmt.Sprintf("%s-%d", one.Name, named[one.Name])
		}
		one.OnFailure = b.policies(served)
		if slices.Contains(served, hook.PointAuthenticate) {
			one.Providers = signIns[b.slot]
			delete(signIns, b.slot)
		}
		made.hooks = append(made.hooks, one)
	}
	for _, s := range g.signIns {
		if names, left := signIns[s]; left {
			one := use(s).hook([]hook.Point{hook.PointAuthenticate}, s.timeout)
			one.Name, one.Providers = "sign-in by "+s.name, names
			made.hooks = append(made.hooks, one)
		}
	}
	allocators, err := g.allocate(use)
	made.hooks = append(made.hooks, allocators...)
	return made, err
}

// allocate are the hooks behind allocate blocks.
func (g *game) allocate(use func(*slot) *version) ([]hooks.Hook, error) {
	var all []hooks.Hook
	for _, a := range g.allocators {
		v := use(a.slot)
		if !slices.Contains(v.points, hook.PointAllocate) {
			if a.slot.kind == kindScript {
				continue
			}
			return nil, fmt.Errorf("game %s: %s does not serve allocate: it serves %s", g.config.Name, a.slot, list(v.points))
		}
		points := []hook.Point{hook.PointAllocate}
		if slices.Contains(v.points, hook.PointRelease) {
			points = append(points, hook.PointRelease)
		}
		one := v.hook(points, a.timeout)
		one.Name = a.name
		all = append(all, one)
	}
	return all, nil
}

// providers are the names of the auth list by who signs people in under them.
func (g *game) providers(use func(*slot) *version) (map[*slot][]string, error) {
	by := map[*slot][]string{}
	for _, name := range g.config.Auth {
		if name == "anonymous" {
			continue
		}
		var who *slot
		if i := slices.IndexFunc(g.signIns, func(s *slot) bool { return s.name == name }); i >= 0 {
			who = g.signIns[i]
			if v := use(who); !slices.Contains(v.points, hook.PointAuthenticate) {
				return nil, fmt.Errorf("game %s: auth has %q, but that plugin signs nobody in: it serves %s", g.config.Name, name, list(v.points))
			}
			by[who] = append(by[who], name)
			continue
		}
		found := false
		for _, b := range g.blocks {
			if b.slot.kind == kindScript && slices.Contains(use(b.slot).points, hook.PointAuthenticate) {
				by[b.slot] = append(by[b.slot], name)
				found = true
			}
		}
		if !found {
			return nil, fmt.Errorf("game %s: auth has %q, but no script of the game exports authenticate", g.config.Name, name)
		}
	}
	return by, nil
}

// served are the points at which the block is asked.
func (b block) served(v *version) ([]hook.Point, error) {
	if b.points == nil {
		return slices.DeleteFunc(slices.Clone(v.points), func(p hook.Point) bool {
			// These two come in by the auth list and by allocate blocks.
			return p == hook.PointAllocate || p == hook.PointRelease || p == hook.PointAuthenticate && b.slot.kind == kindPlugin
		}), nil
	}
	for _, p := range b.points {
		if !slices.Contains(v.points, p) {
			return nil, fmt.Errorf("%s does not serve %s: it serves %s", b.slot, p, list(v.points))
		}
	}
	return slices.Clone(b.points), nil
}

// policies are what the config says of failures at the points that are served.
func (b block) policies(served []hook.Point) map[hook.Point]hook.Policy {
	policies := make(map[hook.Point]hook.Policy, len(b.onFailure))
	for p, policy := range b.onFailure {
		if slices.Contains(served, hook.Point(p)) {
			policies[hook.Point(p)] = hook.Policy(policy)
		}
	}
	return policies
}

// hook is the version as a runner takes it.
func (v *version) hook(points []hook.Point, timeout time.Duration) hooks.Hook {
	return hooks.Hook{Host: v.host, Version: v.label, Impl: v.impl, Points: points, Timeout: timeout, Isolated: true}
}

func list(points []hook.Point) string {
	if len(points) == 0 {
		return "nothing"
	}
	var names []string
	for _, p := range points {
		names = append(names, string(p))
	}
	return strings.Join(names, ", ")
}
