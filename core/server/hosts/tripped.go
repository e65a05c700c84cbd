package hosts

import "github.com/muster-gg/muster/core/hooks"

// tripped has a check for each open breaker of all games' hooks, in the order of
// the config.
func (h *Hosts) tripped() []Check {
	var all []Check
	for _, c := range h.options.Config.Games {
		for _, t := range h.runner(c.Name).Tripped() {
			name := named("hook", c.Name, t.Hook) + " " + string(t.Point)
			if t.Rpc != "" {
				name += " " + t.Rpc
			}
			all = append(all, Check{Name: name, Err: t})
		}
	}
	return all
}

func (h *Hosts) runner(game string) *hooks.Runner {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.games[game].runner
}
