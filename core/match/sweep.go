package match

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/store"
)

const (
	sweepEvery = 250 * time.Millisecond
	sweepBatch = 64
)

// Run ends matches that have lasted too long, until ctx ends. One goroutine on
// every node calls it.
func (s *Service) Run(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			s.sweep(ctx)
		}
	}
}

func (s *Service) sweep(ctx context.Context) {
	due, err := s.state.Due(ctx, s.game, KindMatch, time.Now(), sweepBatch)
	if err != nil {
		s.log.Warn("sweep of matches failed", zap.Error(err))
		return
	}
	for _, d := range due {
		live, err := decodeLive(d)
		if err == nil {
			_, err = s.finish(ctx, live, store.Match{Status: statusFailed, Code: errTimeout.Code, EndedAt: time.Now()})
		}
		if err != nil {
			s.log.Error("an overdue match could not be ended", zap.String("match", d.Key.ID), zap.Error(err))
		}
	}
}

// Recover finishes what an earlier run of the only node left half-way: ends that
// were recorded but not told, matches whose server is known to be gone, and, of
// the interrupted starts, servers that may have been made. It runs after the
// fleets have started and the lobbies have recovered, before the first start.
func (s *Service) Recover(ctx context.Context, interrupted []string) error {
	var lives []*Live
	var broken error
	err := s.state.List(ctx, s.game, KindMatch, func(d state.Doc) bool {
		live, err := decodeLive(d)
		if err != nil {
			broken = err
			return false
		}
		lives = append(lives, live)
		return true
	})
	if err := errors.Join(err, broken); err != nil {
		return err
	}
	for _, live := range lives {
		if err := s.recoverMatch(ctx, live); err != nil {
			return err
		}
	}
	for _, matchID := range interrupted {
		log := s.log.With(zap.String("match", matchID))
		log.Warn("a start was interrupted")
		s.recordFailure(log, &start{matchID: matchID}, lobby.ErrUnknownAllocation)
		for _, provider := range s.providers {
			s.release(log, provider, matchID)
			s.writeDownOrphan(log, matchID, provider, "", errInterrupted)
		}
	}
	return nil
}

var errInterrupted = errors.New("the server was restarted in the middle of the start")

func (s *Service) recoverMatch(ctx context.Context, live *Live) error {
	stands, err := s.records.MatchByID(ctx, s.game, live.ID)
	if err == nil {
		return s.settle(ctx, live, stands)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	_, found, err := s.alloc.Find(ctx, live.Server.Provider, s.game, live.ID)
	switch {
	case errors.Is(err, allocation.ErrCannotFind), errors.Is(err, allocation.ErrNoProvider):
		return nil // it may well run: its result, end or time limit will tell
	case err != nil:
		s.log.Warn("a server could not be asked for", zap.String("match", live.ID), zap.Error(err))
		return nil
	case found:
		return nil
	}
	_, err = s.finish(ctx, live, store.Match{Status: statusFailed, Code: errServerLost.Code, EndedAt: time.Now()})
	return err
}
