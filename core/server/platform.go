package server

import (
	"context"
	"encoding/json"

	"github.com/muster-gg/muster/core/store/hookstore"
	"github.com/muster-gg/muster/sdk/hook"
)

// platform is what the hooks of one game may ask of this node.
type platform struct {
	parts   *parts
	game    string
	storage *hookstore.Storage
}

var _ hook.Host = (*platform)(nil)

func (p *parts) platform(game string) hook.Host {
	return &platform{parts: p, game: game, storage: hookstore.New(game, p.store)}
}

// Storage implements hook.Host.
func (p *platform) Storage() hook.Storage { return p.storage }

// Notify implements hook.Host.
func (p *platform) Notify(_ context.Context, accountID, kind string, payload json.RawMessage) error {
	if t := p.parts.notifier.Load(); t != nil {
		return t.Notify(p.game, accountID, kind, payload)
	}
	return nil // nobody is connected yet
}
