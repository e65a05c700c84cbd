package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/muster-gg/muster/sdk/hook"
)

// The kinds of hosts, and so of hooks and allocate blocks.
const (
	kindScript = "script"
	kindPlugin = "plugin"
)

// hooks reads the hooks blocks of a game, in the order of the file.
func (r *reader) hooks(game *section, c *Config, g Game) []Hooks {
	const label = `the kind of host, "script" or "plugin"`
	var all []Hooks
	for _, b := range game.blocks("hooks", label) {
		kind := b.Labels[0]
		title := fmt.Sprintf("hooks %q of game %q", kind, g.Name)
		switch kind {
		case kindScript:
			all = append(all, r.scriptHooks(r.open("hooks script", title, b.Body, b.DefRange()), all))
		case kindPlugin:
			all = append(all, r.pluginHooks(r.open("hooks plugin", title, b.Body, b.DefRange()), c, g, all))
		default:
			r.noKind(b, "There are no hooks %q.", kindScript, kindPlugin)
		}
	}
	return all
}

// noKind reports a block whose label is no kind of it.
func (r *reader) noKind(b *hclsyntax.Block, text string, kinds ...string) {
	p := problem{text: fmt.Sprintf(text, b.Labels[0]), help: "This version has " + list(quoted(kinds), "and") + "."}
	if hint := nearest(b.Labels[0], kinds); hint != "" {
		p.hint = `"` + hint + `"`
	}
	r.fail(b.LabelRanges[0], p)
}

func (r *reader) scriptHooks(s *section, before []Hooks) Hooks {
	s.required("entry", `the script: "hooks/arena.ts"`)
	h := &ScriptHooks{
		Entry:   s.script("entry"),
		Timeout: get(s, "timeout", 50*time.Millisecond, duration(time.Millisecond, time.Minute)),
		Fetch:   getList(s.one("fetch", "fetch"), "allow", nil, of(fetchHost)),
	}
	for _, b := range before {
		if b.Script != nil && h.Entry != "" && b.Script.Entry == h.Entry {
			r.fail(s.place("entry"), problem{text: "Another hooks block of this game has this script already.", help: "Keep one of the two."})
		}
	}
	h.Isolation = Isolation(get(s, "isolation", string(Embedded), oneOf(string(Embedded), string(InProcess))))
	s.scriptMemory(h)
	h.TestOnReload = get(s, "test_on_reload", true, boolean)
	return Hooks{Script: h, OnFailure: s.onFailure(hookPoints())}
}

// The least and the default of a script's memory_limit: with less, the engine cannot
// work.
const (
	leastMemory   = 32 << 20
	defaultMemory = 128 << 20
)

// scriptMemory reads memory_limit, which a script without a process cannot have.
func (s *section) scriptMemory(h *ScriptHooks) {
	h.MemoryLimit = Size(get(s, "memory_limit", defaultMemory, size))
	switch {
	case s.r.failedAt(s, "memory_limit") || s.r.failedAt(s, "isolation"):
	case h.MemoryLimit < leastMemory:
		s.r.fail(s.place("memory_limit"), problem{text: "memory_limit is too low for a script.", help: `Give it "32MiB" or more.`})
	case h.Isolation == Embedded && h.MemoryLimit != defaultMemory:
		s.r.fail(s.place("memory_limit"), problem{
			text: "A script that runs in the server has no memory of its own to limit.", help: `Set isolation = "process" beside it.`,
		})
	}
}

// script reads a key that names a script.
func (s *section) script(name string) string {
	extensions := []string{".ts", ".mts", ".js", ".mjs"}
	path := get(s, name, "", of(func(t string) (string, *misfit) {
		switch extension := filepath.Ext(t); {
		case t == "" || strings.ContainsRune(t, 0):
			return "", &misfit{is: "is not a path"}
		case strings.HasSuffix(t, ".d.ts"):
			return "", &misfit{is: "has types alone, no code"}
		case !slices.Contains(extensions, extension):
			bad := &misfit{is: "is not a script", help: "The name of a script ends in " + list(extensions, "or") + "."}
			if fixed := strings.TrimSuffix(t, extension) + strings.ToLower(extension); slices.Contains(extensions, filepath.Ext(fixed)) {
				bad.hint = `"` + fixed + `"`
			}
			return "", bad
		}
		return joined(s.r.dir, t), nil
	}))
	s.fileThere(name, path, false)
	return path
}

func (r *reader) pluginHooks(s *section, c *Config, g Game, before []Hooks) Hooks {
	h := &PluginHooks{Use: r.use(s, c, g), at: s.keep("points")}
	h.Points = getList(s, "points", nil, of(func(t string) (string, *misfit) { return pluginPoint(t, h.Use, g) }))
	if s.has("points") && len(h.Points) == 0 && !r.failedAt(s, "points") {
		r.fail(s.place("points"), problem{text: "points is empty: the plugin would be asked for nothing.", help: "Leave points out for all that it serves."})
	}
	r.askedTwice(s, h, g, before)
	may := h.Points
	if len(may) == 0 {
		may = hookPoints()
	}
	return Hooks{Plugin: h, OnFailure: s.onFailure(may)}
}

// askedTwice reports a point that two blocks of a game ask one plugin for.
func (r *reader) askedTwice(s *section, h *PluginHooks, g Game, before []Hooks) {
	for _, b := range before {
		if b.Plugin == nil || b.Plugin.Use != h.Use || h.Use == "" || r.failedAt(s, "points") {
			continue
		}
		if both := shared(b.Plugin.Points, h.Points); both != "" {
			r.fail(s.place("points"), problem{
				text: fmt.Sprintf("Two hooks blocks of game %q ask the plugin %q for %s.", g.Name, h.Use, both),
				help: "Let each block list its own points.",
			})
			return
		}
	}
}

// shared names a point of both lists; an empty list means all.
func shared(a, b []string) string {
	switch {
	case len(a) == 0 && len(b) == 0:
		return "all points"
	case len(a) == 0:
		return b[0]
	}
	for _, p := range a {
		if len(b) == 0 || slices.Contains(b, p) {
			return p
		}
	}
	return ""
}

// hookPoints are those that point parses.
func hookPoints() []string {
	return slices.DeleteFunc(points(), func(p string) bool { _, bad := point(p); return bad != nil })
}

// point parses the name of a point that a hooks block may serve.
func point(t string) (string, *misfit) {
	switch p, err := hook.ParsePoint(t); {
	case err != nil:
		bad := &misfit{is: "is not an extension point", help: "They are " + list(hookPoints(), "and") + "."}
		for _, p := range hook.Points() {
			if info, _ := p.Info(); info.Export == t { // as scripts have it
				bad.hint = `"` + string(p) + `"`
			}
		}
		if hint := nearest(t, points()); hint != "" && bad.hint == "" {
			bad.hint = `"` + hint + `"`
		}
		return "", bad
	case p == hook.PointMakeMatches || p == hook.PointRelease:
		return "", &misfit{is: later}
	case p == hook.PointAllocate:
		return "", &misfit{is: "is not for a hooks block", help: `An allocate "plugin" or allocate "script" block is asked where it stands among the others.`}
	}
	return t, nil
}

// pluginPoint parses a point that a plugin is to be asked for.
func pluginPoint(t, plugin string, g Game) (string, *misfit) {
	name, bad := point(t)
	if bad == nil && name == string(hook.PointAuthenticate) && plugin != "" && !slices.Contains(g.Auth, plugin) {
		return "", &misfit{
			is:   "would never be asked for: the game's auth does not name the plugin",
			help: fmt.Sprintf("Set auth = [%s].", strings.Join(quoted(append(slices.Clone(g.Auth), plugin)), ", ")),
		}
	}
	return name, bad
}
