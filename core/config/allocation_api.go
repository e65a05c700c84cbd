package config

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// AllocationAPI serves GameFlow's allocation call to other backends.
type AllocationAPI struct {
	// Keys let callers in; at least one. Each is long in production, and printable ASCII without spaces.
	Keys []Secret `config:"keys"`
}

const (
	minAllocationKey  = 16
	maxAllocationKeys = 64
)

// allocationAPI reads the block; nil when there is none.
func (r *reader) allocationAPI(game *section, c *Config, g Game) *AllocationAPI {
	if !hasBlock(game.body, "allocation_api") {
		return nil
	}
	s := game.one("allocation_api", fmt.Sprintf("allocation_api of game %q", g.Name))
	s.required("keys", `what callers send as X-Api-Key: [env("FLEET_API_KEY")]`)
	words := getList(s, "keys", nil, of(func(t string) (string, *misfit) {
		w, bad := word(t)
		if bad == nil && len(w) < minAllocationKey && c.Server.Mode == Production {
			bad = &misfit{
				is:   fmt.Sprintf("has %d characters, production needs at least %d", len(w), minAllocationKey),
				help: `"openssl rand -hex 32" makes one.`,
			}
		}
		return w, bad
	}))
	api := &AllocationAPI{}
	for _, w := range words {
		api.Keys = append(api.Keys, NewSecret(w))
	}
	switch {
	case s.has("keys") && len(words) == 0 && !r.failedAt(s, "keys"):
		r.fail(s.place("keys"), problem{text: "keys is empty: nobody could call.", hint: `[env("FLEET_API_KEY")]`})
	case len(words) > maxAllocationKeys:
		r.fail(s.place("keys"), problem{text: fmt.Sprintf("There are %d keys; %d is the most.", len(words), maxAllocationKeys)})
	}
	r.loops(s, c.Server, g)
	return api
}

// loops refuses a provider that would ask the game itself for its servers, which
// would ask again. A loop over other games or nodes ends by its deadlines: each
// round has less time than the one before.
func (r *reader) loops(s *section, server Server, g Game) {
	for _, a := range g.Allocate {
		if a.Gameflow == nil || a.Gameflow.GameID != g.Name || !own(server, a.Gameflow.URL) {
			continue
		}
		r.fail(s.at, problem{
			text: fmt.Sprintf(`An allocate "gameflow" block of game %q asks this block for servers, which would ask it again.`, g.Name),
			help: "Give that one another url or game_id, or take one of the two away.",
		})
	}
}

// own reports whether the base address of an allocation call is this server's.
func own(server Server, base string) bool {
	if base == strings.TrimRight(server.PublicURL, "/")+"/v1" {
		return true
	}
	u, err := url.Parse(base)
	host, port, bad := net.SplitHostPort(server.Listen)
	return err == nil && bad == nil && u.Path == "/v1" && u.Port() == port && (localURL(base) || u.Hostname() == host)
}
