package script

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// pool lends machines of one version.
type pool struct {
	version *Version
	room    chan struct{} // a place for each call under way
	slots   chan struct{} // a place for each call that runs

	mu     sync.Mutex
	idle   []*machine // the last used one last
	closed bool
}

func newPool(v *Version) *pool {
	return &pool{
		version: v, room: make(chan struct{}, maxMachines),
		slots: make(chan struct{}, max(2, runtime.GOMAXPROCS(0))),
	}
}

var errBusy = errors.New("too many calls of the script are under way")

// get lends a machine and a slot for c, within the call's time.
func (p *pool) get(c *call) (*machine, error) {
	select {
	case p.room <- struct{}{}:
	case <-c.ctx.Done():
		return nil, fmt.Errorf("%w: %w", errBusy, c.ctx.Err())
	}
	c.slot.slots = p.slots
	if err := c.slot.take(c.ctx); err != nil {
		<-p.room
		return nil, fmt.Errorf("%w: %w", errBusy, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		m := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return m, nil
	}
	return newMachine(p.version), nil
}

// put takes a machine back after c, or ends it if it must not be used again.
func (p *pool) put(m *machine, c *call) {
	c.slot.give()
	p.mu.Lock()
	keep := !m.broken && m.served < maxServed && !p.closed && len(p.idle) < 2*cap(p.slots)
	if keep {
		p.idle = append(p.idle, m)
	}
	few := len(p.idle) < cap(p.slots)
	p.mu.Unlock()
	if !keep {
		m.end()
		if few {
			p.version.warm()
		}
	}
	<-p.room
}

// add keeps a machine that has not served yet, for when the others are all in use;
// false if there are enough.
func (p *pool) add(m *machine) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) >= cap(p.slots) {
		return false
	}
	p.idle = slices.Insert(p.idle, 0, m)
	return true
}

// close ends the machines that are idle; the others are ended when they come back.
func (p *pool) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, m := range idle {
		m.end()
	}
}

// slot is a call's place among those that run. The call gives it back while it
// waits; it is taken from a call whose time is over.
type slot struct {
	slots chan struct{}
	held  atomic.Bool
}

func (s *slot) take(ctx context.Context) error {
	select {
	case s.slots <- struct{}{}:
		s.held.Store(true)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *slot) give() {
	if s.held.CompareAndSwap(true, false) {
		<-s.slots
	}
}
