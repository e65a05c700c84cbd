package hooks

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/sdk/hook"
)

// Retired are hooks that were replaced.
type Retired struct{ done <-chan struct{} }

// Done is closed when nobody uses the hooks any more: the calls that began with
// them have ended, those that were left behind at their deadline too, the pins are
// released and the events that waited are told.
func (t *Retired) Done() <-chan struct{} { return t.done }

// Swap replaces all hooks at once. Calls that began before, and pinned contexts,
// go on with the old ones; events that wait are told to the hooks they were queued
// for. Hooks that cannot work are refused, and the old ones stay.
func (r *Runner) Swap(hooks []Hook) (*Retired, error) {
	s, err := r.newSet(hooks)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	if r.closed.Load() {
		r.mu.Unlock()
		return nil, errClosed
	}
	old := r.begin(s)
	r.mu.Unlock()
	old.users.out()
	return &Retired{old.done}, nil
}

// begin makes s the current set, starts its workers and returns the one before.
// Hooks that stay have their breakers from there.
func (r *Runner) begin(s *set) *set {
	if old := r.current.Load(); old != nil {
		s.inherit(old)
	}
	s.users.begin(func() {
		for _, q := range s.queues {
			close(q.events)
		}
		s.rest.out()
	})
	s.rest.begin(func() {
		r.ended(s)
		close(s.done)
	})
	r.sets.Add(1)
	r.live[s] = true
	for _, q := range s.queues {
		s.rest.in()
		go func() {
			defer s.rest.out()
			r.work(s, q)
		}()
	}
	return r.current.Swap(s)
}

// ended forgets a set that nobody uses any more, and the metrics of what only it
// had: every version of a hook has series of its own.
func (r *Runner) ended(s *set) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.live, s)
	r.sets.Done()
	if r.closed.Load() {
		return // the last figures are still read
	}
	type version struct{ name, host, version string }
	names, versions := map[string]bool{}, map[version]bool{}
	for other := range r.live {
		for _, h := range other.hooks {
			names[h.Name], versions[version{h.Name, h.Host, h.Version}] = true, true
		}
	}
	for _, h := range s.hooks {
		if !versions[version{h.Name, h.Host, h.Version}] {
			r.metrics.forgetVersion(r.game, h)
		}
		if !names[h.Name] {
			r.metrics.forgetHook(r.game, h)
		}
	}
}

type pinKey struct{ r *Runner }

// Pin returns a context whose calls use the hooks of now, whatever replaces them,
// until release is called.
func (r *Runner) Pin(ctx context.Context) (_ context.Context, release func()) {
	if r == nil {
		return ctx, func() {}
	}
	s := r.acquire(ctx)
	if s == nil {
		return ctx, func() {}
	}
	return context.WithValue(ctx, pinKey{r}, s), sync.OnceFunc(s.users.out)
}

func (r *Runner) pinned(ctx context.Context) *set {
	s, _ := ctx.Value(pinKey{r}).(*set)
	return s
}

var errClosed = errors.New("the hooks of this game were closed")

// acquire counts the caller into the set that ctx is pinned to, else into the
// current one; nil once the runner is closed.
func (r *Runner) acquire(ctx context.Context) *set {
	s := r.pinned(ctx)
	for !r.closed.Load() {
		if s != nil && s.users.in() {
			return s
		}
		// A set that is over was replaced before: the next look finds another.
		s = r.current.Load()
	}
	return nil
}

// enter is acquire for a call of p, fault.TryAgain once the runner is closed.
// Whoever gets a set calls its users.out; nil without an error: nobody serves p.
func (r *Runner) enter(ctx context.Context, p hook.Point) (*set, error) {
	if !r.ServesIn(ctx, p) {
		return nil, nil
	}
	s := r.acquire(ctx)
	if s == nil {
		return nil, fault.TryAgain.With(errClosed)
	}
	if len(s.points[p]) == 0 {
		s.users.out()
		return nil, nil
	}
	return s, nil
}

// count says how many use something. When the last is out it is over for good:
// then nobody gets in any more. It takes no lock.
type count struct {
	n    atomic.Int64
	over func()
}

// gone is so far below zero that those who come too late never reach it.
const gone = math.MinInt64 / 2

// begin counts one in.
func (c *count) begin(over func()) {
	c.over = over
	c.n.Store(1)
}

// in counts one more in, false when it is over.
func (c *count) in() bool {
	if c.n.Add(1) > 0 {
		return true
	}
	c.n.Add(-1)
	return false
}

func (c *count) out() {
	if c.n.Add(-1) == 0 && c.n.CompareAndSwap(0, gone) {
		c.over()
	}
}
