package match

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/store"
)

// unbegun ends a start that may have a server and has no match. Its server is taken
// first, so that no write which is still under way makes it a match after all.
func (s *Service) unbegun(log *zap.Logger, st *start, f *fault.Error) {
	ctx, cancel := s.cleanup()
	defer cancel()
	var t *taken
	var err error
	if st.loose != nil {
		l := *st.loose
		l.Cause = f.Error()
		if t, err = s.takeLoose(ctx, l); t == nil && err == nil && l.Server != nil {
			// Nobody else knows of this server: it came after the start's deadline.
			t = &taken{Loose: l}
		}
	}
	if t == nil || t.version == 0 {
		live, unread := s.live(ctx, st.matchID)
		if live != nil {
			// A write that failed has happened all the same, and nobody was told.
			s.endLost(log, live)
			return
		}
		err = errors.Join(err, unread)
	}
	s.fail(log, st, f)
	if err == nil && t != nil {
		err = s.giveBack(ctx, log, t)
	}
	if err != nil {
		log.Warn("a server could not be given back; the sweep will try again", zap.Error(err))
	}
}

// fail ends the attempt with what members are told. A start that was cancelled
// meanwhile has been told already.
func (s *Service) fail(log *zap.Logger, st *start, f *fault.Error) {
	if errors.Is(f, lobby.ErrStartCancelled) || errors.Is(f, lobby.ErrNotFound) {
		s.recordCancelled(log, st)
		return
	}
	_, err := s.lobbies.FailStart(st.lobbyID, st.matchID, f)
	switch {
	case err == nil:
		log.Warn("start failed", zap.String("code", f.Code), zap.Error(f))
		s.keepFailure(log, st, f)
	case errors.Is(err, lobby.ErrStartCancelled) || errors.Is(err, lobby.ErrNotFound):
		log.Info("start cancelled", zap.Error(f))
		s.recordCancelled(log, st)
	default:
		log.Error("a failed start could not be told; its deadline will end it", zap.String("code", f.Code), zap.Error(err))
	}
}

func (s *Service) recordCancelled(log *zap.Logger, st *start) {
	s.keepFailure(log, st, lobby.ErrStartCancelled)
}

func (s *Service) keepFailure(log *zap.Logger, st *start, f *fault.Error) {
	ctx, cancel := s.cleanup()
	defer cancel()
	if err := s.recordFailure(ctx, st, f); err != nil {
		log.Warn("a failed start could not be recorded", zap.Error(err))
	}
}

// recordFailure keeps a failed start, so that its server's late result is answered match_closed.
func (s *Service) recordFailure(ctx context.Context, st *start, f *fault.Error) error {
	now := time.Now()
	_, _, err := s.records.FinishMatch(ctx, store.Match{
		ID: st.matchID, Game: s.game, LobbyID: st.lobbyID, Status: statusFailed, Code: f.Code,
		StartedAt: now, EndedAt: now, Region: st.region, Hooks: st.hooks, Roster: []byte("[]"),
	})
	return err
}
