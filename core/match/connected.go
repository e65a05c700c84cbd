package match

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/store"
)

var _ allocation.PlayerObserver = (*Service)(nil)

// PlayerConnected tells hooks that a player is on his match's server. What a
// server counts beside the players of the roster, bots and spectators, is no
// event. While the match's start is under way it waits.
func (s *Service) PlayerConnected(ctx context.Context, _, matchID, accountID string) {
	if !s.listened() {
		return
	}
	err := s.await(ctx, matchID)
	var live *Live
	if err == nil {
		live, err = s.live(ctx, matchID)
	}
	if err == nil && live.plays(accountID) {
		// Erased while he plays: nobody is told of him any more.
		if _, err = s.accounts.Account(ctx, s.game, accountID); err == nil {
			s.events.PlayerConnected(matchID, accountID)
		}
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.log.Warn("hooks could not be told of a player who connected", zap.String("match", matchID), zap.Error(err))
	}
}

// plays reports whether a human of the match has that account.
func (l *Live) plays(accountID string) bool {
	if l == nil {
		return false
	}
	for _, team := range l.Teams {
		for _, p := range team.Players {
			if p.AccountID == accountID && !p.Bot {
				return true
			}
		}
	}
	return false
}
