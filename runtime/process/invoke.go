package process

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

const (
	// mostAgain is how often a call is made again.
	mostAgain = 2
	// mostWaiting is how many calls wait while none can begin.
	mostWaiting = 1000
)

// Invoke carries one call to the process. When that dies meanwhile, the call is made
// again on the next one if the options say so, it has changed nothing and is not the
// one that ended it; else it fails at once with a *LostError. While there is no
// process it fails with a *DownError: at once, unless one is being started just now,
// which takes some tens of milliseconds and is waited for.
func (p *Process) Invoke(ctx context.Context, point hook.Point, request, response proto.Message) error {
	method, ok := wire.Method(point)
	if !ok {
		return fmt.Errorf("process: there is no extension point %q", point)
	}
	if err := p.enter(); err != nil {
		return err
	}
	defer p.calls.Done()
	c := &call{began: time.Now()}
	defer p.through(c)
	for tries := 0; ; tries++ {
		err := p.attempt(ctx, c, method, request, response)
		var lost *LostError
		if !p.opts.Again || tries == mostAgain || !errors.As(err, &lost) || !lost.again() {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// enter counts a call. p.calls.Done ends it.
func (p *Process) enter() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		return &DownError{Name: p.opts.Name, Kind: p.opts.Kind, State: Closed}
	}
	p.calls.Add(1)
	return nil
}

// through is the end of a call.
func (p *Process) through(c *call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leave(c)
}

// attempt makes the call once.
func (p *Process) attempt(ctx context.Context, c *call, method string, request, response proto.Message) error {
	i, number, err := p.begins(ctx, c)
	if err != nil {
		return err
	}
	err = p.carry(ctx, i, number, method, request, response)
	if ctx.Err() == nil && errors.Is(err, context.Canceled) && p.hasEnded(i) {
		err = fmt.Errorf("%w: %w", wire.ErrBroken, errClosed) // by us, after its end
	}
	broken := errors.Is(err, wire.ErrBroken)
	if broken {
		p.suspect(i)
	}
	acted := i.book.leave(number)
	switch {
	case err == nil || isAnswer(err):
		return err
	case broken:
		return p.lostCall(ctx, i, c, acted, err)
	}
	return p.failed(err)
}

// begins gives a call its process, and its number there. It waits while that is
// worth it, for Patience at most.
func (p *Process) begins(ctx context.Context, c *call) (*instance, uint64, error) {
	i, number, wait, err := p.try(c)
	if wait == nil {
		return i, number, err
	}
	defer p.waiting.Add(-1)
	if p.waiting.Add(1) > mostWaiting {
		return nil, 0, err
	}
	patience := time.NewTimer(p.opts.Timing.Patience)
	defer patience.Stop()
	for wait != nil {
		select {
		case <-wait:
		case <-patience.C:
			i, number, _, err = p.try(c)
			return i, number, err
		case <-ctx.Done():
			return nil, 0, err
		}
		i, number, wait, err = p.try(c)
	}
	return i, number, err
}

// try is begins without waiting; wait is closed when it is worth another try.
func (p *Process) try(c *call) (_ *instance, number uint64, wait <-chan struct{}, _ error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if wait = p.await(c); wait != nil {
		return nil, 0, wait, p.down.Load()
	}
	if i := p.current.Load(); i != nil {
		return i, i.book.enter(c), nil, nil
	}
	if p.soon != nil {
		wait = p.soon
	}
	return nil, 0, wait, p.down.Load()
}

// suspect takes a process out of use whose connection broke under a call, and lets
// the supervisor look at it, which may not have seen its end yet.
func (p *Process) suspect(i *instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current.Load() != i {
		return
	}
	p.ends(i)
	p.down.Store(&DownError{Name: p.opts.Name, Kind: p.opts.Kind, State: Restarting, Cause: wire.ErrBroken})
	p.current.Store(nil)
	p.soon = make(chan struct{})
	select {
	case p.suspects <- struct{}{}:
	default:
	}
}

// hasEnded says that a process is not in use any more.
func (p *Process) hasEnded(i *instance) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return i.fate != nil
}

// use makes i the process to call, nil for none; soon says that there is one again
// in a moment. Whoever waits for that looks again when it is no longer so.
func (p *Process) use(i *instance, soon bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i == nil {
		p.ends(p.current.Load())
	} else {
		i.fate = nil
	}
	p.current.Store(i)
	switch {
	case soon && p.soon == nil:
		p.soon = make(chan struct{})
	case !soon && p.soon != nil:
		close(p.soon)
		p.soon = nil
	}
}

// isAnswer says that an error is what the hook wanted to say.
func isAnswer(err error) bool {
	_, refused := hook.AsRefusal(err)
	return refused || hook.IsUnreachable(err) || errors.Is(err, hook.ErrUnknownRpc)
}
