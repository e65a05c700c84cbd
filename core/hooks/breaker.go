package hooks

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// AbandonGrace is how long after its deadline a call may end and count as late;
// one that runs on is abandoned, and opens its breaker.
const AbandonGrace = 50 * time.Millisecond

// When breakers open, and for how long.
const (
	// maxLate is how many calls of one key may be left behind at a time and not yet
	// abandoned; beyond it calls fail at once.
	maxLate = 32
	// maxMisses is how many calls in a row may miss their deadline.
	maxMisses = 10
	// free is how many crashes within the window cost only their own calls.
	free        = 2
	crashWindow = 10 * time.Second
	// The first wait doubles with each opening until a trial succeeds after misses,
	// or all went well for so long after the rest.
	firstWait      = time.Second
	firstCrashWait = 250 * time.Millisecond
	mostWait       = 30 * time.Second
	healthy        = time.Minute
)

// sign is what the end of a call says about its hook.
type sign int

const (
	signNone    sign = iota // nothing: the caller went away, or the host is down
	signWell                // it ended in time, whatever it answered
	signMissed              // it was late
	signCrashed             // its process died under it
)

// news is what became of a breaker.
type news int

const (
	newsNone news = iota
	newsOpened
	newsClosed
)

// breaker decides whether the calls of one key reach their hook. The lock of its
// breakers guards all but calm.
type breaker struct {
	key key
	// calm says that calls need not look at the rest: it is closed, no call is late,
	// and the last one did not miss its deadline.
	calm atomic.Bool

	// late calls were left behind and are not beyond the grace, running ones are.
	late, running int
	misses        int // in a row
	crashes       [free]time.Time

	reason TripReason // empty: closed
	trial  bool       // a call was let through to see whether it goes well
	until  time.Time  // when the next trial may begin
	wait   time.Duration
	since  time.Time // since when all went well
	last   time.Time // when a call was late or crashed
}

// admit lets a call through, as a trial where one is due, or says why not.
func (b *breaker) admit(now time.Time) (trial bool, _ *failure) {
	switch {
	case b.reason != "" && (b.running > 0 || b.trial || now.Before(b.until)):
		return false, refusals[b.reason]
	case b.late >= maxLate:
		return false, errStuck
	}
	b.trial = b.reason != ""
	return b.trial, nil
}

// ended takes note of how a call ended that was let through.
func (b *breaker) ended(s sign, trial bool, now time.Time) (n news) {
	if trial {
		b.trial = false
	}
	if s > signWell {
		b.last = now
	}
	open := b.reason != ""
	switch s {
	case signWell:
		switch {
		case !open:
			b.misses = 0
		case trial && b.running == 0:
			n = b.close(now)
		}
	case signMissed:
		if !open {
			b.misses++
		}
		if trial || b.misses >= maxMisses {
			n = b.trip(TripDeadline, now)
		}
	case signCrashed:
		if !open {
			b.ill(now)
		}
		third := now.Sub(b.crashes[0]) < crashWindow
		copy(b.crashes[:], b.crashes[1:])
		b.crashes[free-1] = now
		if trial || third && !open {
			n = b.trip(TripCrash, now)
		}
	}
	b.settle()
	return n
}

// leave takes note of a call that nobody waits for any more; ended or abandon follow.
func (b *breaker) leave(now time.Time) {
	b.late++
	b.last = now
	b.settle()
}

// abandon takes note of a late call that goes on beyond the grace; gone follows.
func (b *breaker) abandon(trial bool, now time.Time) (n news) {
	b.late--
	b.running++
	if trial {
		b.trial = false
	}
	switch {
	case b.reason == "" || trial:
		n = b.trip(TripAbandoned, now)
	case b.reason != TripAbandoned:
		// It is open already. This is worse, but no further failure.
		b.reason, b.wait, n = TripAbandoned, max(b.wait, firstWait), newsOpened
		b.until = later(b.until, now.Add(b.wait))
	}
	b.settle()
	return n
}

// gone takes note that an abandoned call has ended after all.
func (b *breaker) gone(now time.Time) {
	b.last = now
	if b.running--; b.running == 0 {
		b.until = later(b.until, now.Add(b.wait))
	}
}

func (b *breaker) trip(reason TripReason, now time.Time) news {
	if b.reason == "" {
		b.ill(now)
	}
	if b.running > 0 {
		reason = TripAbandoned // still, whatever came on top
	}
	b.wait = min(max(reason.firstWait(), 2*b.wait), mostWait)
	b.reason, b.until, b.misses = reason, now.Add(b.wait), 0
	return newsOpened
}

func (b *breaker) close(now time.Time) news {
	if b.reason == TripDeadline {
		b.wait = 0 // one success is enough
	}
	b.reason, b.since = "", now
	return newsClosed
}

// ill ends the time in which all went well; if it was long enough the waits begin anew.
func (b *breaker) ill(now time.Time) {
	if now.Sub(b.since) >= healthy {
		b.wait = 0
	}
	b.since = now
}

func (b *breaker) settle() { b.calm.Store(b.reason == "" && b.misses == 0 && b.late == 0) }

// stale says that nothing is lost when the breaker is forgotten.
func (b *breaker) stale(now time.Time) bool {
	return b.late == 0 && b.running == 0 && !b.trial && now.Sub(later(b.last, b.until)) >= healthy
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

var errStuck = &failure{codeStuck, fmt.Errorf("%d calls have not ended since their deadline", maxLate)}

// refusals are what calls fail with that an open breaker does not let through.
var refusals = map[TripReason]*failure{
	TripAbandoned: {codeTripped, errors.New(TripAbandoned.what())},
	TripCrash:     {codeTripped, errors.New(TripCrash.what())},
	TripDeadline:  {codeTripped, errors.New(TripDeadline.what())},
}
