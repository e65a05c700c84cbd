package rating_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/core/rating"
	"github.com/muster-gg/muster/core/store"
)

var (
	away    = &gameflow.CallError{Call: "rating report", Status: 503}
	refused = &gameflow.CallError{Call: "rating report", Status: 422}
)

func isAway(*bench, gameflow.RatedMatch) error { return away }

// bench is an outbox that runs under a false clock.
type bench struct {
	*testing.T
	store    memory
	platform scripted
	counts   counts
	outbox   *rating.Outbox
}

// answer is how the platform answers; nil: it takes all.
type answer func(b *bench, m gameflow.RatedMatch) error

// run has f look at a running outbox over a store that owes some matches.
func run(t *testing.T, max int, owed []string, how answer, f func(b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{T: t, platform: scripted{began: time.Now()}}
		b.outbox = rating.New(rating.Options{Game: game, Store: &b.store, Platform: &b.platform, MaxOwed: max, Metrics: &b.counts})
		if how != nil {
			b.platform.answer = func(m gameflow.RatedMatch) error { return how(b, m) }
		}
		for _, id := range owed {
			b.finish(id)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		defer func() {
			stop()
			if err := <-ended; err != nil {
				t.Error("run:", err)
			}
		}()
		go func() { ended <- b.outbox.Run(ctx) }()
		f(b)
	})
}

// finish ends a match whose result is rated.
func (b *bench) finish(id string) {
	b.Helper()
	if _, _, err := b.outbox.Records(nil).FinishMatch(b.Context(), ended(id)); err != nil {
		b.Fatal(err)
	}
}

// passes lets time go by.
func (b *bench) passes(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// asked checks all calls so far, each as its match and when it came.
func (b *bench) asked(want ...string) {
	b.Helper()
	if got := b.platform.seen(); !slices.Equal(got, want) {
		b.Errorf("the platform was asked\n\t%q, want\n\t%q", got, want)
	}
}

// has checks how many reports are owed and how many have come to an outcome.
func (b *bench) has(owed int, o rating.Outcome, n int) {
	b.Helper()
	if b.outbox.Owed() != owed || b.counts.of(o) != n {
		b.Errorf("%d owed, %d %s; want %d and %d", b.outbox.Owed(), b.counts.of(o), o, owed, n)
	}
}

// A result is sent as soon as it is recorded, and then not any more.
func TestSentAtOnce(t *testing.T) {
	run(t, 0, []string{"1", "2"}, nil, func(b *bench) {
		b.passes(time.Hour)
		b.asked("1 at 0s", "2 at 0s")
		b.finish("3")
		synctest.Wait()
		b.asked("1 at 0s", "2 at 0s", "3 at 1h0m0s")
		b.has(0, rating.Accepted, 3)
	})
}

// A report that fails is sent again after 1, 2, 4, 8 and 10 seconds, and then at
// rest, until it is taken.
func TestBackOff(t *testing.T) {
	run(t, 0, []string{"m"}, isAway, func(b *bench) {
		b.passes(12 * time.Minute)
		b.asked("m at 0s", "m at 1s", "m at 3s", "m at 7s", "m at 15s", "m at 25s",
			"m at 1m25s", "m at 3m25s", "m at 7m25s")
		b.has(1, rating.Failed, 9)
		b.platform.answers(nil)
		b.passes(5 * time.Minute)
		b.asked("m at 0s", "m at 1s", "m at 3s", "m at 7s", "m at 15s", "m at 25s",
			"m at 1m25s", "m at 3m25s", "m at 7m25s", "m at 12m25s")
		b.has(0, rating.Accepted, 1)
	})
}

// While the platform is away it is asked every ten seconds at most, however much is
// owed; when it is back, all is sent.
func TestPlatformAway(t *testing.T) {
	var owed []string
	for n := range 200 {
		owed = append(owed, fmt.Sprint("m", n))
	}
	run(t, 0, owed, isAway, func(b *bench) {
		b.passes(10 * time.Minute)
		if n := len(b.platform.seen()); n < 55 || n > 65 {
			b.Errorf("asked %d times in ten minutes", n)
		}
		b.finish("new") // is no reason to ask at once
		synctest.Wait()
		if n := len(b.platform.seen()); n > 65 {
			b.Errorf("asked %d times in ten minutes", n)
		}
		b.platform.answers(nil)
		b.passes(6 * time.Minute)
		b.has(0, rating.Accepted, 201)
	})
}

// A report that the platform cannot digest does not keep the others.
func TestOneThatFailsKeepsNobody(t *testing.T) {
	bad := func(_ *bench, m gameflow.RatedMatch) error {
		if m.ID == "bad" {
			return away
		}
		return nil
	}
	run(t, 0, []string{"bad", "1", "2"}, bad, func(b *bench) {
		b.passes(1500 * time.Millisecond)
		b.asked("bad at 0s", "1 at 1s", "2 at 1s", "bad at 1s")
		b.has(1, rating.Accepted, 2)
		b.finish("3")
		b.passes(time.Second)
		b.asked("bad at 0s", "1 at 1s", "2 at 1s", "bad at 1s", "3 at 2s")
	})
}

// What the platform refuses for good is not sent again.
func TestRefused(t *testing.T) {
	no := func(_ *bench, m gameflow.RatedMatch) error {
		if m.ID == "no" {
			return refused
		}
		return nil
	}
	run(t, 0, []string{"no", "yes"}, no, func(b *bench) {
		b.passes(time.Hour)
		b.asked("no at 0s", "yes at 0s")
		b.has(0, rating.Refused, 1)
	})
}

// After three days a report is given up, but not before it was tried properly.
func TestGivenUp(t *testing.T) {
	run(t, 0, []string{"m"}, isAway, func(b *bench) {
		b.passes(72 * time.Hour)
		b.has(1, rating.GivenUp, 0)
		b.passes(10 * time.Minute)
		b.has(0, rating.GivenUp, 1)
		before := len(b.platform.seen())
		b.passes(time.Hour)
		if n := len(b.platform.seen()); n != before {
			b.Errorf("%d calls after it was given up", n-before)
		}
		old := ended("old")
		old.EndedAt = old.EndedAt.Add(-100 * time.Hour)
		if _, _, err := b.outbox.Records(nil).FinishMatch(b.Context(), old); err != nil {
			b.Fatal(err)
		}
		b.passes(20 * time.Second)
		b.has(1, rating.GivenUp, 1)
		b.passes(time.Minute)
		b.has(0, rating.GivenUp, 2)
	})
}

// Not more are kept than may be: the oldest go.
func TestTooMany(t *testing.T) {
	run(t, 3, []string{"1", "2", "3", "4", "5"}, nil, func(b *bench) {
		synctest.Wait()
		b.asked("3 at 0s", "4 at 0s", "5 at 0s")
		b.has(0, rating.Dropped, 2)
	})
}

// While nothing can be saved, what was taken is not sent again.
func TestStoreFails(t *testing.T) {
	broken := errors.New("the disk is full")
	taken := func(b *bench, _ gameflow.RatedMatch) error { b.store.breaks(broken); return nil }
	run(t, 0, []string{"1"}, taken, func(b *bench) {
		b.passes(time.Hour)
		b.asked("1 at 0s")
		if _, first, err := b.outbox.Records(nil).FinishMatch(b.Context(), ended("2")); !errors.Is(err, broken) || first {
			b.Errorf("first %v, %v", first, err)
		}
		b.store.breaks(nil)
		b.passes(10 * time.Second)
		b.has(0, rating.Accepted, 1)
		b.store.breaks(broken)
		b.passes(time.Hour)
		b.store.breaks(nil)
		b.finish("3")
		b.passes(10 * time.Second)
		b.has(0, rating.Accepted, 2)
	})
}

// A clock that was set forward and back does not make a report late for ever: what
// is due is looked at now and again.
func TestDueFarAhead(t *testing.T) {
	run(t, 0, nil, nil, func(b *bench) {
		due := func(at time.Time) {
			b.store.mu.Lock()
			defer b.store.mu.Unlock()
			b.store.rows = []store.Report{{Match: ended("m"), Due: at}}
		}
		due(time.Now().Add(100 * time.Hour))
		b.passes(time.Hour)
		b.asked()
		due(time.Now())
		b.passes(5 * time.Minute)
		b.has(0, rating.Accepted, 1)
	})
}
