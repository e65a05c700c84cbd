// Package latency keeps how far players are from the regions where servers can run, as
// their clients have measured it, and chooses a region for those who play together.
package latency

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/lifecycle"
	"github.com/muster-gg/muster/core/state"
)

// KindLatency is the kind of the documents of what was measured: account id →
// Measured. Their deadline is when it counts no more.
const KindLatency = "latency"

const (
	// life is how long a measurement counts: people move between networks.
	life = time.Hour
	// writes bounds how often a write is repeated that another one was faster than.
	writes     = 4
	sweepEvery = time.Minute
	sweepBatch = 256
)

// Measured is a player's round trips in ms by region.
type Measured struct {
	Regions map[string]int `json:"regions"`
}

var _ state.Value = (*Measured)(nil)

// AppendState encodes the measurement for a journal or another node.
func (m *Measured) AppendState(dst []byte) ([]byte, error) {
	return state.AppendJSON(dst, m)
}

// Service keeps the measurements of one game's players. Its methods are safe for
// concurrent use.
type Service struct {
	game  string
	state state.Store
	log   *zap.Logger
}

// New returns a service; log may be nil.
func New(game string, s state.Store, log *zap.Logger) *Service {
	if log == nil {
		log = zap.NewNop()
	}
	return &Service{game: game, state: s, log: log}
}

func key(account string) state.Key { return state.Key{Kind: KindLatency, ID: account} }

// Report saves what an account's client has measured, in place of what it measured
// before. The map is kept; an empty one is the same as none.
func (s *Service) Report(ctx context.Context, account string, regions map[string]int) error {
	docs, err := s.state.Get(ctx, s.game, key(account))
	for range writes {
		if err != nil {
			return err
		}
		w := state.Write{Key: key(account), Expect: docs[0].Version}
		switch known, err := measured(docs[0]); {
		case len(regions) == 0 && w.Expect == 0:
			return nil
		case len(regions) == 0:
		case err == nil && maps.Equal(known, regions) && time.Until(docs[0].Deadline) > life/2:
			return nil // clients repeat themselves
		default:
			w.Value, w.Deadline = &Measured{regions}, time.Now().Add(life)
		}
		_, err = s.state.Apply(ctx, state.Tx{Game: s.game, Writes: []state.Write{w}})
		var conflict *state.Conflict
		if !errors.As(err, &conflict) {
			return err
		}
		docs, err = conflict.Docs, nil
	}
	return fmt.Errorf("latency: document %s changes all the time", key(account))
}

// Forget deletes what an account has measured.
func (s *Service) Forget(ctx context.Context, account string) error {
	return s.Report(ctx, account, nil)
}

// measured are the regions of a document; none of an absent one.
func measured(d state.Doc) (map[string]int, error) {
	m, err := state.Decode[Measured](d)
	if m == nil {
		return nil, err
	}
	return m.Regions, nil
}

// Run deletes what counts no more until ctx ends. One goroutine on every node calls it.
func (s *Service) Run(ctx context.Context) error {
	lifecycle.Every(ctx, sweepEvery, s.sweep)
	return nil
}

func (s *Service) sweep(ctx context.Context) {
	for {
		due, err := s.state.Due(ctx, s.game, KindLatency, time.Now(), sweepBatch)
		if err != nil && ctx.Err() == nil {
			s.log.Warn("sweep of latencies failed", zap.Error(err))
		}
		deleted := 0
		for _, d := range due {
			if _, err := s.state.Apply(ctx, state.Tx{Game: s.game, Writes: []state.Write{{Key: d.Key, Expect: d.Version}}}); err == nil {
				deleted++
			}
		}
		if deleted < sweepBatch {
			return
		}
	}
}
