package script

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// Slots are places for scripts that run, of all versions and scripts of one game: its
// hooks take no more of the processor than that, whatever they do. Where hooks wait
// for a place, they get the next one in turn, so that one that is called much, or
// takes long, keeps no other one out.
type Slots struct {
	size int

	mu    sync.Mutex
	taken int
	turns []*turn // those that wait, in the order in which they get a slot
}

// turn is the calls of one hook that wait, the first one first.
type turn struct {
	key  slotKey
	line []*waiter
}

// slotKey is whose turn it is: a point, and the name of an rpc.
type slotKey struct{ point, rpc string }

// waiter waits for a slot, which it has when it is served.
type waiter struct{ served chan struct{} }

// NewSlots returns n slots; 0 is half of the processors, and one at least: the rest
// is the server's, and other games'.
func NewSlots(n int) *Slots {
	if n <= 0 {
		n = max(1, runtime.GOMAXPROCS(0)/2)
	}
	return &Slots{size: n}
}

// take waits for a slot until ctx ends.
func (s *Slots) take(ctx context.Context, key slotKey) error {
	s.mu.Lock()
	if s.taken < s.size {
		s.taken++
		s.mu.Unlock()
		return nil
	}
	w := &waiter{served: make(chan struct{})}
	s.join(key, w)
	s.mu.Unlock()
	select {
	case <-w.served:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.leave(key, w) {
		s.next() // it was served at the same time
	}
	return ctx.Err()
}

// give frees a slot.
func (s *Slots) give() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next()
}

// next hands a slot that is free now to whoever is next. s.mu is held.
func (s *Slots) next() {
	if len(s.turns) == 0 {
		s.taken--
		return
	}
	t := s.turns[0]
	w := t.line[0]
	t.line = t.line[1:]
	s.turns = s.turns[1:]
	if len(t.line) > 0 {
		s.turns = append(s.turns, t)
	}
	close(w.served)
}

// join puts w at the end of its hook's line. s.mu is held.
func (s *Slots) join(key slotKey, w *waiter) {
	for _, t := range s.turns {
		if t.key == key {
			t.line = append(t.line, w)
			return
		}
	}
	s.turns = append(s.turns, &turn{key, []*waiter{w}})
}

// leave takes w out of its line, false if it is not in it. s.mu is held.
func (s *Slots) leave(key slotKey, w *waiter) bool {
	for i, t := range s.turns {
		if t.key != key {
			continue
		}
		for j, other := range t.line {
			if other != w {
				continue
			}
			if t.line = append(t.line[:j:j], t.line[j+1:]...); len(t.line) == 0 {
				s.turns = append(s.turns[:i:i], s.turns[i+1:]...)
			}
			return true
		}
	}
	return false
}

// key is whose turn it is when c waits.
func (c *call) key() slotKey {
	if c.serves == nil {
		return slotKey{}
	}
	return slotKey{string(c.serves.name), RpcName(c.request.Interface())}
}

// slot is a call's place among those that run. The call gives it back while it
// waits; it is taken from a call whose time is over.
type slot struct {
	slots *Slots
	key   slotKey
	held  atomic.Bool
}

func (s *slot) take(ctx context.Context) error {
	if err := s.slots.take(ctx, s.key); err != nil {
		return err
	}
	s.held.Store(true)
	return nil
}

func (s *slot) give() {
	if s.held.CompareAndSwap(true, false) {
		s.slots.give()
	}
}
