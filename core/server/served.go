package server

import (
	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation/served"
	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/store"
)

// newServed lends a game's servers to other backends; nil if the config does not
// say so.
func newServed(g config.Game, p *providers, docs state.Store, orphans store.Orphans, log *zap.Logger) (*served.Service, error) {
	if g.AllocationAPI == nil {
		return nil, nil
	}
	var keys []string
	for _, key := range g.AllocationAPI.Keys {
		keys = append(keys, key.Reveal())
	}
	return served.New(served.Options{Game: g.Name, Keys: keys, Chain: p.chain, State: docs, Orphans: orphans, Logger: log})
}
