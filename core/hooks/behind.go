package hooks

import (
	"context"
	"errors"
	"time"
)

// behind is a call that nobody waits for any more.
type behind struct {
	of    *breakers
	one   *breaker
	trial bool
	users *count
	// Guarded by the lock of its breakers.
	timer     *time.Timer // runs until the grace is over; nil: the runner has given up
	abandoned bool
	over      bool
}

// leave takes note that a call is left behind. The timer is one of users, so that
// who waits for them waits for it.
func (b *breakers) leave(k key, trial *breaker, due time.Time, users *count) *behind {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := &behind{of: b, one: trial, trial: trial != nil, users: users}
	if l.one == nil {
		l.one = b.made(k)
	}
	l.one.leave(time.Now())
	if !b.stopped {
		users.in()
		b.late[l] = true
		l.timer = time.AfterFunc(time.Until(due)+AbandonGrace, l.expire)
	}
	return l
}

// expire abandons the call unless it has ended.
func (l *behind) expire() {
	defer l.users.out()
	b := l.of
	b.mu.Lock()
	if l.over || b.stopped {
		b.mu.Unlock()
		return
	}
	l.abandoned = true
	delete(b.late, l)
	told := b.told(l.one, l.one.abandon(l.trial, time.Now()))
	b.mu.Unlock()
	told()
}

// end takes note that the call has ended.
func (l *behind) end(s sign) {
	b, now := l.of, time.Now()
	b.mu.Lock()
	l.over = true
	if l.abandoned {
		l.one.gone(now)
		b.mu.Unlock()
		return
	}
	delete(b.late, l)
	stopped := l.timer != nil && l.timer.Stop()
	l.one.late--
	told := b.told(l.one, l.one.ended(s, l.trial, now))
	b.mu.Unlock()
	if stopped {
		l.users.out()
	}
	told()
}

// stop ends the timers: nothing is abandoned any more.
func (b *breakers) stop() {
	b.mu.Lock()
	b.stopped = true
	var stopped []*behind
	for l := range b.late {
		if l.timer.Stop() {
			stopped = append(stopped, l)
		}
	}
	clear(b.late)
	b.mu.Unlock()
	for _, l := range stopped {
		l.users.out()
	}
}

// signOf is what an answer says that came while somebody waited for it.
func signOf(ctx context.Context, err error, due time.Time) sign {
	if err == nil {
		return signWell
	}
	if s := signLate(err, due); s != signNone || ctx.Err() != nil || unavailable(err) {
		return s
	}
	return signWell
}

// signLate is what the end of a call says that was left behind, at its deadline or
// by a caller who went away. One that has missed its deadline is no crash: whoever
// runs it may have ended it for that.
func signLate(err error, due time.Time) sign {
	switch {
	case unavailable(err):
		return signNone // it has waited, and never began
	case !time.Now().Before(due):
		return signMissed
	case crashed(err):
		return signCrashed
	}
	return signNone
}

// unavailable says that the hook's host is down and the call never began.
func unavailable(err error) bool {
	var host interface{ Unavailable() bool }
	return errors.As(err, &host) && host.Unavailable()
}

// crashed says that the hook's process died under this very call.
func crashed(err error) bool {
	var process interface{ Crashed() bool }
	return errors.As(err, &process) && process.Crashed()
}
