package match

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/lifecycle"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/store"
)

const (
	sweepEvery = 250 * time.Millisecond
	sweepBatch = 64
	// lastReport is how long a match that is overdue waits for a result that came in
	// time.
	lastReport = time.Minute
)

// Run ends matches that have lasted too long and gives back servers that no match
// refers to, until ctx ends. One goroutine on every node calls it.
func (s *Service) Run(ctx context.Context) error {
	var orphans sync.WaitGroup
	defer orphans.Wait()
	orphans.Go(func() { s.sweepOrphans(ctx) })
	lifecycle.Every(ctx, sweepEvery, func(ctx context.Context) {
		s.payOwed(ctx)
		s.sweep(ctx)
	})
	return nil
}

// sweep ends the matches that are overdue. Those whose end is being worked on have
// a little longer.
func (s *Service) sweep(ctx context.Context) {
	now := time.Now()
	due, err := s.state.Due(ctx, s.game, KindMatch, now, sweepBatch)
	if err != nil {
		s.log.Warn("sweep of matches failed", zap.Error(err))
		return
	}
	for _, d := range due {
		if s.ending(d.Key.ID) && now.Before(d.Deadline.Add(lastReport)) {
			continue
		}
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
func (s *Service) Recover(ctx context.Context, interrupted []lobby.Interrupted) error {
	// Before the ends below add to them: those see to their servers themselves.
	loose, err := s.allLoose(ctx)
	if err != nil {
		return err
	}
	var lives []*Live
	var broken error
	err = s.state.List(ctx, s.game, KindMatch, func(d state.Doc) bool {
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
	for _, d := range loose {
		if err := s.recoverRecord(ctx, d); err != nil {
			return err
		}
	}
	for _, i := range interrupted {
		s.log.Warn("a start was interrupted", zap.String("lobby", i.LobbyID), zap.String("match", i.MatchID))
		if err := s.recordFailure(ctx, &start{matchID: i.MatchID, lobbyID: i.LobbyID, region: i.Region}, lobby.ErrUnknownAllocation); err != nil {
			return err
		}
	}
	// Servers that an earlier run left without a match: of interrupted and cancelled
	// starts, and of matches whose end was cut short. A provider may take its time.
	if len(loose) > 0 {
		s.spawn(func() { s.settleAll(s.ctx, loose) })
	}
	return nil
}

// recoverRecord keeps the start of a loose server as failed before anybody can
// report a result of it: who cancelled it did not live to do so.
func (s *Service) recoverRecord(ctx context.Context, d state.Doc) error {
	l, err := decodeLoose(d)
	if err != nil || l == nil || l.Played {
		return nil // what cannot be read is seen to with its server
	}
	live, err := s.live(ctx, l.ID)
	if err != nil || live != nil {
		return err
	}
	return s.recordFailure(ctx, startOf(l), lobby.ErrUnknownAllocation)
}

func (s *Service) allLoose(ctx context.Context) (docs []state.Doc, err error) {
	err = s.state.List(ctx, s.game, KindLoose, func(d state.Doc) bool {
		docs = append(docs, d)
		return true
	})
	return docs, err
}

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
