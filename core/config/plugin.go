package config

import (
	"fmt"
	"time"

	"github.com/muster-gg/muster/sdk/hook"
)

// Plugin is one plugin block.
type Plugin struct {
	// Name is [a-z0-9][a-z0-9_-]{0,31} and unique where the block stands.
	Name string
	// Command starts the plugin. The first word is an absolute path, or a name
	// without a slash that is looked up in PATH.
	Command []string `config:"command"`
	// SHA256 is the checksum of the program: 64 hex digits in lower case. Empty in
	// development alone.
	SHA256 string `config:"sha256"`
	// Env is all that the process gets of an environment. It may hold secrets.
	Env Environment `config:"env"`
	// Timeout is that of one call; more than 0.
	Timeout time.Duration `config:"timeout"`
	// MemoryLimit is how much the process may use beyond what it does when it is idle;
	// 16 MiB at least.
	MemoryLimit Size `config:"memory_limit"`
	// Settings is the config block. Never nil.
	Settings *PluginSettings `config:"config"`
}

// Problem is an error about the plugin as a whole, at its block. The text is a
// sentence without an end: "did not start".
func (p Plugin) Problem(text string) Diagnostic {
	return p.Settings.problem(func(s *PluginSettings, r *reader, text string) {
		r.fail(s.plugin, problem{text: s.owner + ": " + text})
	}, text)
}

// PluginFor returns the plugin that a game means by a name: its own, else the one
// that all games share.
func (c *Config) PluginFor(game Game, name string) (Plugin, bool) {
	for _, plugins := range [][]Plugin{game.Plugins, c.Plugins} {
		for _, p := range plugins {
			if p.Name == name {
				return p, true
			}
		}
	}
	return Plugin{}, false
}

// Hooks is one hooks block of a game: exactly one of Script and Plugin is set.
type Hooks struct {
	Script *ScriptHooks `config:"script"`
	Plugin *PluginHooks `config:"plugin"`
	// OnFailure is "refuse", "allow" or "builtin" by point, for those points that
	// the file speaks of: the others have the contract's default. One word for the
	// whole block stands here at each point that the block may serve.
	OnFailure map[string]string `config:"on_failure"`
}

// ScriptHooks is a script, whose exports say which points it serves.
type ScriptHooks struct {
	// Entry is an absolute path. It ends in .ts, .mts, .js or .mjs; its folder is
	// the one that imports may come from.
	Entry string `config:"entry"`
	// Timeout is that of one call; more than 0.
	Timeout time.Duration `config:"timeout"`
	// Fetch are the hosts that ctx.fetch may reach, in lower case: "host", "*.host"
	// for all below host, an IP address; each may have a port behind it, ":8080",
	// and an IPv6 address is then in brackets.
	Fetch []string `config:"fetch.allow"`
	// Isolation is where the script runs.
	Isolation Isolation `config:"isolation"`
	// MemoryLimit is how much a script with a process of its own may use.
	MemoryLimit Size `config:"memory_limit"`
	// TestOnReload says that the tests beside the script must pass before a changed
	// version comes into use.
	TestOnReload bool `config:"test_on_reload"`
}

// Size is a number of bytes.
type Size int64

// String is as the file has it: "128MiB".
func (s Size) String() string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for i < len(units)-1 && s != 0 && s%1024 == 0 {
		s, i = s/1024, i+1
	}
	return fmt.Sprintf("%d%s", int64(s), units[i])
}

// Isolation is what contains a script.
type Isolation string

const (
	// Embedded scripts run in the server, which holds against mistakes.
	Embedded Isolation = "embedded"
	// InProcess scripts have a process of their own, which holds against anything.
	InProcess Isolation = "process"
)

// PluginHooks is a plugin that serves points of a game.
type PluginHooks struct {
	// Use is the name of a plugin that Config.PluginFor finds.
	Use string `config:"use"`
	// Points are those that it is asked for, never "allocate". "authenticate" is
	// among them only if Use is in the game's Auth as well. Empty: all that the
	// plugin serves, but these two.
	Points []string `config:"points"`

	at *place // of Points
}

// AllocatePlugin asks a plugin for servers.
type AllocatePlugin struct {
	// Use is the name of a plugin that Config.PluginFor finds.
	Use string `config:"use"`
	// Region is what the plugin is told unless a hook chose another; may be empty.
	Region string `config:"region"`
	// Timeout is how long a start may take, 1 s at least.
	Timeout time.Duration `config:"timeout"`

	at *place // of Use
}

// AllocateScript asks the game's script for servers; there is one.
type AllocateScript struct {
	// Region is what the script is told unless a hook chose another; may be empty.
	Region string `config:"region"`
	// Timeout is how long a start may take, 1 s at least.
	Timeout time.Duration `config:"timeout"`
}

// points are the names of all extension points.
func points() []string {
	var all []string
	for _, p := range hook.Points() {
		all = append(all, string(p))
	}
	return all
}
