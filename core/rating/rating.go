// Package rating sends the results of matches to a skill rating. What is owed is
// kept in the store from the moment in which a result is, so that a restart sends
// exactly what was not taken yet.
package rating

import (
	"context"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/core/match"
	"github.com/muster-gg/muster/core/store"
)

// Platform rates matches; *gameflow.Ratings is it.
type Platform interface {
	// Report sends a match, once. gameflow.Transient says whether one that failed may
	// be sent again; a match that was rated already is not rated twice.
	Report(ctx context.Context, m gameflow.RatedMatch) error
}

// Outcome is what became of one report.
type Outcome string

// What becomes of reports.
const (
	Accepted Outcome = "accepted" // rated
	Failed   Outcome = "failed"   // a try in vain; it is sent again
	Refused  Outcome = "refused"  // the platform will never take it
	GivenUp  Outcome = "given_up" // it could not be sent for days
	Dropped  Outcome = "dropped"  // too many were owed
	Unrated  Outcome = "unrated"  // fewer than two teams have players to be rated
)

// Metrics counts what becomes of reports.
type Metrics interface {
	Reported(o Outcome, n int)
}

// Options make an Outbox.
type Options struct {
	Game     string
	Store    store.Reports
	Platform Platform
	// MaxOwed bounds how many reports may wait; those that wait longest are dropped
	// above it. 0: 100,000.
	MaxOwed int
	Metrics Metrics     // nil: nobody counts
	Logger  *zap.Logger // nil: nobody reads
}

// Outbox sends the reports of one game. Its methods are safe for concurrent use.
type Outbox struct {
	game     string
	store    store.Reports
	platform Platform
	maxOwed  int
	metrics  Metrics
	log      *zap.Logger

	wake chan struct{}
	owed atomic.Int64
	// streak is how many tries in a row were in vain, whatever the match: then it is
	// the platform that is away. Run's own.
	streak int
}

const defaultMaxOwed = 100_000

// New returns an outbox. It sends nothing before Run.
func New(o Options) *Outbox {
	b := &Outbox{
		game: o.Game, store: o.Store, platform: o.Platform, maxOwed: o.MaxOwed, metrics: o.Metrics, log: o.Logger,
		wake: make(chan struct{}, 1),
	}
	if b.maxOwed <= 0 {
		b.maxOwed = defaultMaxOwed
	}
	if b.log == nil {
		b.log = zap.NewNop()
	}
	return b
}

// Owed is how many reports were owed when it was last looked.
func (b *Outbox) Owed() int { return int(b.owed.Load()) }

// Records are the records of a game whose results are rated: each result is owed
// in the same step in which it is recorded.
func (b *Outbox) Records(r match.Records) match.Records { return records{r, b} }

type records struct {
	match.Records
	outbox *Outbox
}

// FinishMatch implements store.Matches.
func (r records) FinishMatch(ctx context.Context, m store.Match) (store.Match, bool, error) {
	stands, first, err := r.outbox.store.FinishRatedMatch(ctx, m)
	if first {
		select {
		case r.outbox.wake <- struct{}{}:
		default: // it looks already
		}
	}
	return stands, first, err
}

func (b *Outbox) count(o Outcome, n int) {
	if b.metrics != nil {
		b.metrics.Reported(o, n)
	}
}

// sleep waits, and reports whether there is still time to go on.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
