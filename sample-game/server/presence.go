package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/muster-gg/muster/sdk/gameserver"
)

const presenceRetry = time.Second

// playerList is the fleet's list of connected players.
type playerList interface {
	PlayerConnected(ctx context.Context, id string) error
	PlayerDisconnected(ctx context.Context, id string) error
}

var _ playerList = (*gameserver.Server)(nil)

// presence keeps the fleet's list like the match's, without making it wait: it
// remembers per player what is wanted and what the fleet was told.
type presence struct {
	list playerList
	log  *slog.Logger
	wake chan struct{}

	mu     sync.Mutex
	wanted map[string]bool
	told   map[string]bool
}

func newPresence(list playerList, log *slog.Logger) *presence {
	return &presence{
		list: list, log: log, wake: make(chan struct{}, 1),
		wanted: map[string]bool{}, told: map[string]bool{},
	}
}

// set says that a player is here or gone. It does not block.
func (p *presence) set(id string, here bool) {
	p.mu.Lock()
	p.wanted[id] = here
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// run tells the fleet until ctx ends or the fleet says that it keeps no list.
func (p *presence) run(ctx context.Context) {
	for {
		var again <-chan time.Time
		for id, here := range p.open() {
			switch err := p.tell(ctx, id, here); {
			case errors.Is(err, gameserver.ErrTrackingDisabled):
				return
			case ctx.Err() != nil:
				return
			case err != nil:
				p.log.Warn("the fleet's player list was not changed", "account", id, "here", here, "error", err)
				again = time.After(presenceRetry)
			}
		}
		select {
		case <-p.wake:
		case <-again:
		case <-ctx.Done():
			return
		}
	}
}

// open is what the fleet is not told yet.
func (p *presence) open() map[string]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	open := map[string]bool{}
	for id, here := range p.wanted {
		if p.told[id] != here {
			open[id] = here
		}
	}
	return open
}

func (p *presence) tell(ctx context.Context, id string, here bool) error {
	var err error
	if here {
		err = p.list.PlayerConnected(ctx, id)
	} else {
		err = p.list.PlayerDisconnected(ctx, id)
	}
	if err != nil && !errors.Is(err, gameserver.ErrAlreadyConnected) && !errors.Is(err, gameserver.ErrNotConnected) {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told[id] = here
	return nil
}
