package match

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/store"
)

const (
	// orphansEvery is how often servers without a match are looked for.
	orphansEvery = 10 * time.Second
	// looseParallel bounds the servers that are given back at a time.
	looseParallel = 8
	// orphansShown bounds how many recorded orphans are counted and listed.
	orphansShown = 1000
)

// sweepOrphans gives back servers that no match refers to, now and again and
// again until ctx ends.
func (s *Service) sweepOrphans(ctx context.Context) {
	ticker := time.NewTicker(orphansEvery)
	defer ticker.Stop()
	over := map[suspect]bool{}
	for {
		s.sweepLoose(ctx)
		over = s.sweepProviders(ctx, over)
		s.countOrphans(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// sweepLoose sees to the loose servers that are due.
func (s *Service) sweepLoose(ctx context.Context) {
	due, err := s.state.Due(ctx, s.game, KindLoose, time.Now(), sweepBatch)
	if err != nil {
		s.log.Warn("sweep of servers failed", zap.Error(err))
		return
	}
	s.settleAll(ctx, due)
}

// settleAll sees to loose servers, some at a time.
func (s *Service) settleAll(ctx context.Context, docs []state.Doc) {
	var wg sync.WaitGroup
	places := make(chan struct{}, looseParallel)
	for _, d := range docs {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			one, cancel := context.WithTimeout(ctx, cleanupTimeout)
			defer cancel()
			if err := s.settleLoose(one, d); err != nil && ctx.Err() == nil {
				s.log.Warn("a server without a match could not be given back; it is tried again", zap.String("match", d.Key.ID), zap.Error(err))
			}
		})
	}
	wg.Wait()
}

// suspect is a server that a provider has although its match is over.
type suspect struct{ provider, matchID string }

// sweepProviders releases the servers of providers that list them whose match is
// over: neither starting nor live, and its end is recorded. A server of which
// there is no record is not ours to end. One is released at the second look in a
// row, since a provider may take a moment to see that a server ends.
func (s *Service) sweepProviders(ctx context.Context, before map[suspect]bool) (now map[suspect]bool) {
	now = map[suspect]bool{}
	for _, provider := range s.providers {
		ids, err := s.alloc.Matches(ctx, provider, s.game)
		if err != nil {
			if !errors.Is(err, allocation.ErrCannotList) {
				s.log.Warn("a provider could not list its servers", zap.String("provider", provider), zap.Error(err))
			}
			continue
		}
		for _, id := range ids {
			found := suspect{provider, id}
			over, err := s.over(ctx, id)
			if err == nil && over {
				now[found] = true
			}
			if err == nil && over && before[found] {
				err = s.sweepServer(ctx, found)
			}
			if err != nil && ctx.Err() == nil {
				s.log.Warn("a server without a match could not be released", zap.String("match", id), zap.Error(err))
			}
		}
	}
	return now
}

func (s *Service) sweepServer(ctx context.Context, of suspect) error {
	s.log.Warn("releasing a server whose match is over", zap.String("provider", of.provider), zap.String("match", of.matchID))
	ctx, cancel := context.WithTimeout(ctx, releaseTimeout)
	defer cancel()
	err := s.alloc.Release(ctx, of.provider, s.game, of.matchID)
	if err == nil {
		s.orphans.swept.Add(1)
	}
	return err
}

// over reports whether nothing refers to a match's server any more. What refers to
// it is looked at in the order in which it comes to be.
func (s *Service) over(ctx context.Context, matchID string) (bool, error) {
	if s.underWay(matchID) {
		return false, nil
	}
	docs, err := s.state.Get(ctx, s.game, state.Key{Kind: KindMatch, ID: matchID}, state.Key{Kind: KindLoose, ID: matchID})
	if err != nil || docs[0].Version != 0 || docs[1].Version != 0 {
		return false, err
	}
	_, err = s.records.MatchByID(ctx, s.game, matchID)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// countOrphans keeps the number of recorded orphans for whoever looks.
func (s *Service) countOrphans(ctx context.Context) {
	list, err := s.Orphans(ctx)
	if err != nil {
		if ctx.Err() == nil {
			s.log.Warn("possible orphans could not be counted", zap.Error(err))
		}
		return
	}
	s.orphans.recorded.Store(int64(len(list)))
}

// Orphans lists the servers that may run although no match uses them, and that
// nobody but an operator can end: newest first, each match once, at most a thousand.
func (s *Service) Orphans(ctx context.Context) ([]store.Orphan, error) {
	list, err := s.records.Orphans(ctx, s.game, orphansShown)
	// One is written down again after a crash right behind it.
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(o store.Orphan) bool {
		again := seen[o.MatchID]
		seen[o.MatchID] = true
		return again
	}), err
}

// DropOrphan takes a server that somebody has dealt with out of Orphans. It says if
// there was one of that match.
func (s *Service) DropOrphan(ctx context.Context, matchID string) (bool, error) {
	found, err := s.records.DropOrphan(ctx, s.game, matchID)
	if err == nil && found {
		s.log.Info("an orphan is not listed any more", zap.String("match", matchID))
		s.countOrphans(ctx)
	}
	return found, err
}

// Waiting lists the servers that are to be given back and are not yet, at most a
// thousand. Those of starts under way are not among them.
func (s *Service) Waiting(ctx context.Context) (list []Loose, err error) {
	err = s.state.List(ctx, s.game, KindLoose, func(d state.Doc) bool {
		if l, err := decodeLoose(d); err == nil && l != nil && l.Cause != "" {
			list = append(list, *l)
		}
		return len(list) < orphansShown
	})
	slices.SortFunc(list, func(a, b Loose) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID)) })
	return list, err
}

// RecordedOrphans is how many Orphans there were when the last sweep looked.
func (s *Service) RecordedOrphans() int { return int(s.orphans.recorded.Load()) }

// SweptServers is how many servers the sweep has released because their match was
// over and nobody had.
func (s *Service) SweptServers() int { return int(s.orphans.swept.Load()) }
