package process

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// inquired is a process of ours in which calls have begun, the first one first, and
// which has ended under them; the next one is there.
func inquired(t *testing.T, calls int) (*Process, []*call) {
	t.Helper()
	p := &Process{opts: Options{Again: true, Timing: Timing{}.withDefaults()}, ctx: t.Context(), suspects: make(chan struct{}, 1)}
	i := &instance{}
	p.use(i, false)
	var begun []*call
	for range calls {
		c := &call{began: time.Now()}
		if _, _, wait, err := p.try(c); wait != nil || err != nil {
			t.Fatal(wait, err)
		}
		begun = append(begun, c)
		time.Sleep(time.Millisecond) // of a bubble
	}
	p.suspect(i)
	p.use(&instance{}, false)
	return p, begun
}

// may says that a call would begin now.
func may(p *Process, c *call) bool {
	i, number, wait, _ := p.try(c)
	if i != nil {
		i.book.leave(number)
	}
	return wait == nil
}

// TestTurns holds that suspects go one at a time, the last one first, once all are
// there, and others after them.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, calls := inquired(t, 3)
		other := &call{began: time.Now()}
		if may(p, calls[0]) || may(p, other) || may(p, calls[2]) {
			t.Error("a call begins before all are there")
		}
		p.through(calls[1]) // one that is not made again
		if may(p, calls[0]) || !may(p, calls[2]) || may(p, other) {
			t.Error("it is not the turn of the last one")
		}
		p.through(calls[2])
		if !may(p, calls[0]) || may(p, other) {
			t.Error("it is not the turn of the first one")
		}
		p.through(calls[0])
		if !may(p, other) || p.inquiry != nil {
			t.Error("the inquiry does not end")
		}
	})
}

// TestInquiriesEnd holds that nobody waits longer than half of Patience.
func TestInquiriesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, calls := inquired(t, 3)
		began := time.Now()
		for _, c := range append(calls, &call{}) {
			i, number, err := p.begins(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			i.book.leave(number)
		}
		if took := time.Since(began); took > p.opts.Timing.Patience/2 {
			t.Errorf("they waited %s", took)
		}
		for _, c := range calls {
			p.through(c)
		}
	})
}

// TestWhoIsToBlame holds that only a call which was alone is.
func TestWhoIsToBlame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, calls := inquired(t, 2)
		if may(p, calls[0]) || !may(p, calls[1]) {
			t.Fatal("it is not the turn of the last one")
		}
		_, number, _, _ := p.try(calls[1])
		second := p.current.Load()
		p.suspect(second)
		second.book.leave(number)
		if f := second.fate; f.guilty != calls[1] || f.inquiry != calls[0].inquiry {
			t.Errorf("%+v", f)
		}
		p.through(calls[1])
		p.through(calls[0])
		// One that was ended for an overdue call has nobody to blame, nor has one of
		// many.
		for _, n := range []int{1, 2} {
			i := &instance{}
			p.use(i, false)
			begun := []*call{{}, {}}[:n]
			for _, c := range begun {
				_, _, _, _ = p.try(c)
			}
			if n == 1 {
				i.sentence.Store(&sentence{&overdue{time.Second}})
			}
			p.suspect(i)
			if i.fate.guilty != nil || (i.fate.inquiry != nil) != (n == 2) {
				t.Errorf("%+v", i.fate)
			}
			for _, c := range begun {
				p.through(c)
			}
		}
	})
}

// TestWaitingIsBounded holds that few calls wait for a process, and each heeds its
// context.
func TestWaitingIsBounded(t *testing.T) {
	p := &Process{opts: Options{Timing: Timing{Patience: time.Hour}}, ctx: t.Context(), soon: make(chan struct{})}
	p.down.Store(&DownError{State: Restarting})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := p.begins(ctx, &call{}); !errors.Is(err, ErrDown) || p.waiting.Load() != 0 {
		t.Errorf("%v", err)
	}
	p.waiting.Store(mostWaiting)
	if _, _, err := p.begins(t.Context(), &call{}); !errors.Is(err, ErrDown) || p.waiting.Load() != mostWaiting {
		t.Errorf("%v", err)
	}
}

// TestBook holds that nothing can be changed in the name of a call that is over.
func TestBook(t *testing.T) {
	var b book
	c := &call{}
	n := b.enter(c)
	if b.act(n+1) || b.leave(b.enter(&call{})) || !b.act(n) || !b.leave(n) || b.act(n) || len(b.open()) != 0 {
		t.Error("the book is wrong")
	}
}
