package match

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/store"
	"github.com/muster-gg/muster/sdk/hook"
)

// readers bounds how many accounts one start reads at a time.
const readers = 8

// identities reads the sign-ins of a lobby's humans, if a hook wants them. An
// account that was erased has none.
func (s *Service) identities(ctx context.Context, l *lobby.Lobby) (Identities, error) {
	if !s.hooks.WantIdentities(ctx) {
		return nil, nil
	}
	var mu sync.Mutex
	known := Identities{}
	reads, ctx := errgroup.WithContext(ctx)
	reads.SetLimit(readers)
	for _, p := range l.All {
		if p.Bot {
			continue
		}
		reads.Go(func() error {
			a, err := s.accounts.Account(ctx, s.game, p.AccountID)
			if errors.Is(err, store.ErrNotFound) {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			known[p.AccountID] = a.Identities
			return err
		})
	}
	if err := reads.Wait(); err != nil {
		return nil, err
	}
	return known, nil
}

// message is a lobby as hooks see it whose players have their identities.
func (known Identities) message(l *lobby.Lobby) (*hook.Lobby, error) {
	m, err := l.Message()
	if err != nil {
		return nil, err
	}
	for _, team := range m.GetTeams() {
		for _, p := range team.GetPlayers() {
			for _, i := range known[p.GetAccountId()] {
				p.Identities = append(p.Identities, &hook.LinkedIdentity{Provider: i.Provider, Subject: i.Subject, Username: i.Username})
			}
		}
	}
	return m, nil
}
