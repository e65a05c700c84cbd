package script

import (
	"slices"
	"sync"
)

// pool lends machines of one version.
type pool struct {
	version *Version
	room    *Slots // a place for each call under way
	slots   *Slots // a place for each call that runs

	mu     sync.Mutex
	idle   []*machine // the last used one last
	fresh  *machine   // made to serve a call that is recorded, if there is one
	closed bool

	memory memory
}

func newPool(v *Version) *pool {
	slots := v.options.Slots
	if slots == nil {
		slots = NewSlots(0)
	}
	return &pool{version: v, room: NewSlots(maxMachines), slots: slots, memory: newMemory(v.options.Memory)}
}

// busyError is the error of a call that waited for its turn until its time was over.
type busyError struct{ cause error }

func (e *busyError) Error() string {
	return "too many calls of the script are under way: " + e.cause.Error()
}
func (e *busyError) Unwrap() error { return e.cause }

// Unavailable says that the call never began.
func (e *busyError) Unavailable() bool { return true }

// get lends a machine and a slot for c, within the call's time.
func (p *pool) get(c *call) (*machine, error) {
	key := c.key()
	if err := p.room.take(c.ctx, key); err != nil {
		return nil, &busyError{err}
	}
	c.slot.slots, c.slot.key = p.slots, key
	if err := c.slot.take(c.ctx); err != nil {
		p.room.give()
		return nil, &busyError{err}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.tape != nil {
		return p.unused(c), nil
	}
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
	keep := !m.broken && c.tape == nil && m.served < maxServed && !p.closed && len(p.idle) < max(maxIdle, 2*p.slots.size)
	if keep {
		p.idle = append(p.idle, m)
	}
	few := len(p.idle) < p.slots.size
	p.mu.Unlock()
	if !keep {
		m.end()
		if few {
			p.version.warm()
		}
	}
	p.room.give()
}

// add keeps a machine that has not served yet, for when the others are all in use;
// false if there are enough.
func (p *pool) add(m *machine) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) >= p.slots.size {
		return false
	}
	p.idle = slices.Insert(p.idle, 0, m)
	return true
}

// close ends the machines that are idle; the others are ended when they come back.
func (p *pool) close() {
	p.mu.Lock()
	idle := p.idle
	if p.fresh != nil {
		idle = append(idle, p.fresh)
	}
	p.idle, p.fresh, p.closed = nil, nil, true
	p.mu.Unlock()
	for _, m := range idle {
		m.end()
	}
}

// ready says that there is a machine for a call that is to be recorded.
func (p *pool) ready() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fresh != nil
}

// addFresh keeps such a machine; false if there is one.
func (p *pool) addFresh(m *machine) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.fresh != nil {
		return false
	}
	p.fresh = m
	return true
}

// unused is a machine for c, which is recorded, with the tape of its load. p.mu is
// held.
func (p *pool) unused(c *call) *machine {
	m := p.fresh
	if m == nil {
		return newMachine(p.version)
	}
	p.fresh = nil
	c.tape = m.loading
	return m
}
