package hooks

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/sdk/hook"
)

// TripReason is why a breaker opened.
type TripReason string

// The reasons.
const (
	// TripAbandoned: a call went on after its deadline and AbandonGrace.
	TripAbandoned TripReason = "abandoned"
	// TripCrash: the hook's process died under three calls within ten seconds.
	TripCrash TripReason = "crash"
	// TripDeadline: ten calls in a row missed their deadline.
	TripDeadline TripReason = "deadline"
)

func (r TripReason) firstWait() time.Duration {
	if r == TripCrash {
		return firstCrashWait
	}
	return firstWait
}

// what says what happened.
func (r TripReason) what() string {
	switch r {
	case TripAbandoned:
		return "a call did not end (abandoned)"
	case TripCrash:
		return "its process died under its calls (crash)"
	}
	return "its calls ran out of time (deadline)"
}

// Trip is a breaker that is open: the calls of a hook at a point, and of an rpc of
// that name, fail at once.
type Trip struct {
	Hook, Version string
	Point         hook.Point
	// Rpc is empty but at that point; "(others)" are names that share a breaker.
	Rpc    string
	Reason TripReason
	// Running is how many calls run on long after their deadline. While there are any,
	// no other is let through.
	Running int
	// Until is when the next call is let through as a trial, if none runs by then.
	Until time.Time
}

// Error is a sentence for operators.
func (t Trip) Error() string {
	next := "tried again with the next call"
	if t.Running > 0 {
		next = "tried again when it has ended"
	} else if left := time.Until(t.Until); left > 0 {
		next = fmt.Sprintf("tried again in %v", max(left.Round(time.Second), time.Second))
	}
	return fmt.Sprintf("tripped: %s; %s", t.Reason.what(), next)
}

// Tripped are the breakers of the hooks in use that are open, in the order of the
// hooks.
func (r *Runner) Tripped() []Trip {
	if r == nil {
		return nil
	}
	var all []Trip
	for _, h := range r.current.Load().hooks {
		all = append(all, h.breakers.tripped()...)
	}
	return all
}

func (b *breakers) tripped() []Trip {
	all := b.all.Load()
	if all == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var open []Trip
	for k, one := range *b.all.Load() {
		if one.reason != "" {
			open = append(open, Trip{
				Hook: b.hook.Name, Version: b.hook.Version, Point: k.point, Rpc: k.name(),
				Reason: one.reason, Running: one.running, Until: one.until,
			})
		}
	}
	slices.SortFunc(open, func(x, y Trip) int {
		return cmp.Or(cmp.Compare(x.Point, y.Point), cmp.Compare(x.Rpc, y.Rpc))
	})
	return open
}

// advice is what to do about a breaker that opened.
var advice = map[TripReason]string{
	TripAbandoned: `find what does not heed its deadline; a script that cannot be stopped belongs into a process of its own, with isolation = "process"`,
	TripCrash:     "find in the lines above why the process died",
	TripDeadline:  "make the function faster, or give it a longer timeout",
}

// told shows what became of a breaker, and returns what is to be written when mu is
// held no more.
func (b *breakers) told(one *breaker, n news) func() {
	if n == newsNone {
		return func() {}
	}
	k, reason, wait := one.key, one.reason, one.wait
	if n == newsOpened {
		b.r.metrics.tripped(b.r.game, b.hook.Name, k, reason)
	}
	if !b.retired {
		b.r.metrics.breaker(b.r.game, b.hook.Name, k, n == newsOpened)
	}
	fields := []zap.Field{
		zap.String("game", b.r.game), zap.String("point", string(k.point)), zap.String("hook", b.hook.Name),
		zap.String("host", b.hook.Host), zap.String("version", b.hook.Version),
	}
	if rpc := k.name(); rpc != "" {
		fields = append(fields, zap.String("rpc", rpc))
	}
	if n == newsClosed {
		return func() { b.r.log.Info("a hook is called again: a trial went well", fields...) }
	}
	return func() {
		b.r.log.Warn("a hook is not called for a while: its calls fail at once", append(fields,
			zap.String("reason", string(reason)), zap.Duration("for", wait), zap.String("advice", advice[reason]))...)
	}
}
