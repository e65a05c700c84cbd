package hosts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-gg/muster/runtime/process"
)

// Plugin is how a plugin is doing, or a script with a process of its own, whose
// Program is "script".
type Plugin struct {
	Name string `json:"name"`
	// Game is empty for a plugin that games share; Games are those that use it.
	Game    string   `json:"game"`
	Games   []string `json:"games"`
	Program string   `json:"program"`
	Version string   `json:"version"`
	Points  []string `json:"points"`
	// State is "running", "restarting", "quarantined", …
	State     string    `json:"state"`
	PID       int       `json:"pid"`
	Restarts  int       `json:"restarts"`
	StartedAt time.Time `json:"startedAt"`
	LastError string    `json:"lastError,omitempty"`
	Checksum  string    `json:"checksum"`
	Command   []string  `json:"command"`
	Memory    Memory    `json:"memory"`

	kind kind
}

// IsScript says that it is among Scripts too.
func (p Plugin) IsScript() bool { return p.kind == kindScript }

// Script is how a script is doing.
type Script struct {
	Name, Game string
	// Version is the one in use.
	Version string
	Points  []string
	// Failed is why a newer one is not, nil if there is none.
	Failed error
}

// Plugins are all plugins, and the scripts with processes of their own, in the order
// of the config.
func (h *Hosts) Plugins() []Plugin {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := []Plugin{}
	for _, s := range h.slots {
		if s.current != nil && s.current.process != nil {
			all = append(all, s.plugin())
		}
	}
	return all
}

func (s *slot) plugin() Plugin {
	status, about := s.current.process.Status(), s.current.process.Description()
	return Plugin{
		kind: s.kind, Name: s.name, Game: s.game, Games: s.of, Program: about.GetName(), Version: s.current.label, Points: about.GetPoints(),
		State: string(status.State), PID: status.PID, Restarts: status.Restarts, StartedAt: status.StartedAt,
		LastError: status.LastError, Checksum: status.Checksum, Command: s.command,
		Memory: s.memoryNow(),
	}
}

// Scripts are all scripts, in the order of the config.
func (h *Hosts) Scripts() []Script {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []Script
	for _, s := range h.slots {
		if s.kind == kindScript && s.current != nil {
			one := Script{Name: s.name, Game: s.game, Version: s.current.label, Failed: s.failed}
			for _, p := range s.current.points {
				one.Points = append(one.Points, string(p))
			}
			all = append(all, one)
		}
	}
	return all
}

// Check is the state of one plugin or script, or of a hook whose breaker is open.
type Check struct {
	Name string
	Err  error
	// Detail is what else there is to say; may be empty.
	Detail string
}

// Checks are the states of all plugins and scripts, and what is tripped, for
// operators: a game whose rules are ill goes on by the policies of its hooks.
func (h *Hosts) Checks() []Check {
	var all []Check
	processes := map[string]Check{}
	for _, p := range h.Plugins() {
		c := Check{Name: named(string(p.kind), p.Game, p.Name), Detail: p.Memory.String()}
		if p.State != string(process.Running) {
			c.Err = fmt.Errorf("%s after %d restarts: %s", p.State, p.Restarts, p.LastError)
		}
		if p.kind == kindScript { // it comes with the scripts
			processes[c.Name] = c
			continue
		}
		all = append(all, c)
	}
	for _, s := range h.Scripts() {
		c := Check{Name: named(string(kindScript), s.Game, s.Name)}
		if own, has := processes[c.Name]; has {
			c = own
		}
		if s.Failed != nil {
			c.Err = errors.Join(c.Err, fmt.Errorf("version %s goes on, the newest has a mistake: %w", s.Version, s.Failed))
		}
		all = append(all, c)
	}
	return append(all, h.tripped()...)
}

func named(kind, game, name string) string {
	if game == "" {
		return kind + " " + name
	}
	return kind + " " + game + "/" + name
}

// ErrNoPlugin says that there is no plugin of a name.
var ErrNoPlugin = errors.New("there is no such plugin")

// ReloadPlugin starts a plugin anew from its file, puts it into use and ends the
// old process when its calls have ended. On an error the old one goes on.
func (h *Hosts) ReloadPlugin(ctx context.Context, game, name string) (Plugin, error) {
	s := h.slot(kindPlugin, game, name)
	if script := h.slot(kindScript, game, name); s == nil && script != nil && script.worker {
		s = script
	}
	if s == nil {
		return Plugin{}, ErrNoPlugin
	}
	if _, err := h.reload(ctx, s); err != nil {
		return Plugin{}, s.named(advised(err))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return s.plugin(), nil
}
