package script

import (
	"context"
	"slices"
	"time"

	"github.com/dop251/goja"
)

// result is work that was done and whose result the script did not get yet.
type result struct {
	work    *Work
	deliver func()
}

// newWork notes that work begins; nil where nobody wants to know that. Work that a
// result brings along is asked for where that one was.
func (c *call) newWork(stack []goja.StackFrame) *Work {
	if c.tape == nil && !c.replayed {
		return nil
	}
	at := c.at
	if frames := c.machine.frames(stack); len(frames) > 0 {
		at = frames[0].String()
	}
	if c.tape != nil {
		return c.tape.begin(at)
	}
	c.begun++
	return &Work{ID: c.begun, At: at, replayed: true}
}

// triesAgain is giveWay, whose answer depends on how much time is left: a replay has
// that of the recording.
func triesAgain(ctx context.Context, tries int) bool {
	w := WorkFrom(ctx)
	if w != nil && w.replayed {
		return !w.GaveUp
	}
	again := giveWay(ctx, tries)
	if w != nil {
		w.GaveUp = !again
	}
	return again
}

// delivering notes that the script gets the result of work.
func (c *call) delivering(w *Work) {
	if w == nil {
		return
	}
	c.at = w.At
	if c.tape != nil {
		c.tape.deliver(w)
	}
}

// replay is step where the order was settled before.
func (c *call) replay() error {
	l := c.loop
	works, timers := make([]*Work, len(l.done)), make([]int64, len(l.timers))
	for i := range l.done {
		works[i] = l.done[i].work
	}
	for i := range l.timers {
		timers[i] = l.timers[i].id
	}
	w, id := c.machine.version.options.Simulation.Next(works, timers)
	if i := slices.IndexFunc(l.done, func(r result) bool { return r.work == w }); i >= 0 {
		next := l.done[i]
		l.done = slices.Delete(l.done, i, i+1)
		next.deliver()
		return nil
	}
	if i := slices.IndexFunc(l.timers, func(t *timer) bool { return t.id == id }); i >= 0 {
		if l.timers[i].at.After(l.passed) {
			l.passed = l.timers[i].at
		}
		return c.goOff(i)
	}
	return c.outOfTime(context.DeadlineExceeded)
}

// now is the time for the script.
func (m *machine) now() time.Time {
	now := m.version.options.Clock()
	if m.call != nil && m.call.tape != nil {
		m.call.tape.now(now)
	}
	return now
}

// random is a random number for the script.
func (m *machine) random() float64 {
	n := m.version.options.Rand()
	if m.call != nil && m.call.tape != nil {
		m.call.tape.random(n)
	}
	return n
}
