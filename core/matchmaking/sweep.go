package matchmaking

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/lifecycle"
	"github.com/muster-gg/muster/core/state"
)

const (
	sweepEvery = 5 * time.Second
	sweepBatch = 64
)

// Recover deletes the tickets that an earlier run of the only node left behind: their
// players' sockets are gone. One that was matched meanwhile is kept for its player. It
// does not wait for that. It runs before the first search.
func (s *Service) Recover(ctx context.Context) error {
	var left []state.Doc
	err := s.state.List(ctx, s.game, KindSearch, func(d state.Doc) bool {
		left = append(left, d)
		return true
	})
	if err != nil {
		return err
	}
	for _, d := range left {
		if old, err := decode[Search](d); err == nil && old.Match != nil {
			continue // its player may come yet
		}
		s.adopt(d)
	}
	return nil
}

// Run deletes what is overdue until ctx ends: searches of nodes that have died, and
// matches whose players have all been told. One goroutine on every node calls it.
func (s *Service) Run(ctx context.Context) error {
	lifecycle.Every(ctx, sweepEvery, s.sweep)
	return nil
}

func (s *Service) sweep(ctx context.Context) {
	searches, err := s.state.Due(ctx, s.game, KindSearch, time.Now(), sweepBatch)
	for _, d := range searches {
		if old, err := decode[Search](d); err == nil && old.Match != nil {
			s.drop(ctx, d)
		} else {
			s.adopt(d)
		}
	}
	if err == nil {
		var found []state.Doc
		found, err = s.state.Due(ctx, s.game, KindFound, time.Now(), sweepBatch)
		for _, d := range found {
			s.drop(ctx, d)
		}
	}
	if err != nil && ctx.Err() == nil {
		s.log.Warn("sweep of searches failed", zap.Error(err))
	}
}

// drop deletes a document unless somebody writes it meanwhile. What fails now is due
// again at the next sweep.
func (s *Service) drop(ctx context.Context, d state.Doc) {
	_, _ = s.state.Apply(ctx, state.Tx{Game: s.game, Writes: []state.Write{{Key: d.Key, Expect: d.Version}}})
}

// adopt deletes a search that nobody works on. Its account's next search waits for it.
func (s *Service) adopt(d state.Doc) {
	account := d.Key.ID
	log := s.log.With(zap.String("account", account))
	left, err := decode[Search](d)
	if err != nil {
		log.Error("a search that was left cannot be read; it is deleted", zap.Error(err))
		s.drop(s.ctx, d)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.seekers[account] != nil {
		return // who is at work cleans up
	}
	k := &seeker{account: account, working: true}
	s.seekers[account] = k
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		s.clean(log, account, *left, true)
		s.work(k)
	}()
}
