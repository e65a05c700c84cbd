package rating

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/core/store"
)

const (
	// quickTries is how often a report is sent again with the short pauses.
	quickTries = 5
	firstPause = time.Second
	maxPause   = 10 * time.Second
	// firstRest and maxRest are the pauses of a report after that.
	firstRest = time.Minute
	maxRest   = 5 * time.Minute
	// keepFor is how long after its match a report is worth sending.
	keepFor = 72 * time.Hour
	// lookEvery is how many reports are sent before it is looked how many are owed.
	lookEvery = 64
	// dropBatch bounds how many reports are dropped in one step.
	dropBatch = 1000
)

// Run sends what is owed, one report at a time, until ctx ends. One that is under
// way then stays owed. One goroutine calls it.
func (b *Outbox) Run(ctx context.Context) error {
	for sent := 0; ctx.Err() == nil; sent++ {
		if sent%lookEvery == 0 {
			b.look(ctx)
		}
		r, err := b.store.NextReport(ctx, b.game)
		switch {
		case err == nil && !r.Due.After(time.Now()):
			if pause := b.send(ctx, r); pause > 0 {
				b.look(ctx)
				sleep(ctx, pause)
			}
			continue
		case err != nil && !errors.Is(err, store.ErrNotFound):
			if ctx.Err() == nil {
				b.log.Error("the reports that are owed to the rating could not be read", zap.Error(err))
			}
			sleep(ctx, maxPause)
			continue
		}
		b.look(ctx)
		// A clock that is set back must not make a report late for ever.
		wait := maxRest
		if err == nil {
			wait = min(wait, time.Until(r.Due))
		}
		b.idle(ctx, wait)
	}
	return nil
}

// idle waits until something new is owed, or d is over.
func (b *Outbox) idle(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-b.wake:
	case <-ctx.Done():
	}
}

// send sends one report and returns how long to leave the platform alone.
func (b *Outbox) send(ctx context.Context, r store.Report) time.Duration {
	log := b.log.With(zap.String("match", r.Match.ID))
	report, rated, err := compose(r.Match)
	switch {
	case err != nil:
		log.Error("a result cannot be reported to the rating", zap.Error(err))
		b.settle(ctx, log, r, Refused)
		return 0
	case !rated:
		log.Debug("a match is not rated: fewer than two teams have players")
		b.settle(ctx, log, r, Unrated)
		return 0
	}
	err = b.platform.Report(ctx, report)
	switch {
	case err == nil:
		log.Info("result reported to the rating", zap.Int("tries", r.Tries+1))
		b.streak = 0
		b.settle(ctx, log, r, Accepted)
		return 0
	case ctx.Err() != nil:
		return 0 // cut off by us: nobody knows, so it stays owed as it was
	case !gameflow.Transient(err):
		log.Error("the rating refused a result; it is not sent again", zap.Error(err))
		b.streak = 0
		b.settle(ctx, log, r, Refused)
		return 0
	}
	return b.failed(ctx, log, r, err)
}

// failed puts off a report that could not be sent.
func (b *Outbox) failed(ctx context.Context, log *zap.Logger, r store.Report, err error) time.Duration {
	b.streak++
	pause := doubled(firstPause, b.streak, maxPause)
	if r.Tries >= quickTries && time.Since(r.Match.EndedAt) > keepFor {
		log.Error("a result could not be reported to the rating for too long; it is given up", zap.Int("tries", r.Tries+1), zap.Error(err))
		b.settle(ctx, log, r, GivenUp)
		return pause
	}
	b.count(Failed, 1)
	again := next(r.Tries + 1)
	say := log.Debug
	if b.streak == 1 || r.Tries == quickTries {
		say = log.Warn
	}
	say("a result could not be reported to the rating; it is sent again", zap.Int("tries", r.Tries+1), zap.Duration("in", again), zap.Error(err))
	if err := b.store.DelayReport(ctx, b.game, r.Match.ID, r.Tries+1, time.Now().Add(again)); err != nil && ctx.Err() == nil {
		log.Error("a report to the rating could not be put off", zap.Error(err))
	}
	return pause
}

// next is the pause before a report is sent again that was tried so often in vain:
// the platform's 1 to 10 s, five times, and then some minutes.
func next(tries int) time.Duration {
	if tries <= quickTries {
		return doubled(firstPause, tries, maxPause)
	}
	return doubled(firstRest, tries-quickTries, maxRest)
}

// doubled is the nth pause of a row that begins with first and doubles up to most.
func doubled(first time.Duration, n int, most time.Duration) time.Duration {
	return min(first<<min(n-1, 16), most)
}

// settle makes a report no longer owed. What the platform has taken must not be
// sent again and again because the disk is full: it goes on only when that is saved.
func (b *Outbox) settle(ctx context.Context, log *zap.Logger, r store.Report, o Outcome) {
	b.count(o, 1)
	saving := context.WithoutCancel(ctx)
	for n := 1; ; n++ {
		err := b.store.SettleReport(saving, b.game, r.Match.ID)
		if err == nil {
			return
		}
		log.Error("what became of a report to the rating could not be saved", zap.Error(err))
		if !sleep(ctx, doubled(firstPause, n, maxPause)) {
			return
		}
	}
}

// look counts what is owed, and drops what is too much of it.
func (b *Outbox) look(ctx context.Context) {
	for {
		n, err := b.store.CountReports(ctx, b.game)
		if err == nil {
			b.owed.Store(int64(min(n, b.maxOwed)))
		}
		var dropped []string
		if err == nil && n > b.maxOwed {
			dropped, err = b.store.DropReports(ctx, b.game, min(n-b.maxOwed, dropBatch))
		}
		if err != nil {
			if ctx.Err() == nil {
				b.log.Error("the reports that are owed to the rating could not be counted", zap.Error(err))
			}
			return
		}
		if len(dropped) == 0 {
			return
		}
		b.count(Dropped, len(dropped))
		b.log.Error("too many results wait for the rating; the oldest are dropped",
			zap.Int("dropped", len(dropped)), zap.String("first", dropped[0]), zap.String("last", dropped[len(dropped)-1]))
	}
}
