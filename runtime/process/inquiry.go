package process

import (
	"slices"
	"time"
)

// fate is what is known of a process that ends.
type fate struct {
	// guilty is the call that was under way alone; nil: there were more, or none.
	guilty *call
	// inquiry is the one that began with this end, or that guilty was part of.
	inquiry *inquiry
}

// inquiry looks for the call that ended a process in which several were under way.
// Those that may be made again are made one at a time, each alone in the process
// that came next; the one that ends that too is found. Others wait until all are
// through or half of Patience is over, then all go on together. Process.mu guards it.
type inquiry struct {
	open    int     // calls that were under way and are not through
	waiting []*call // for their turn
	turn    *call   // whose turn it is
	// done is closed at its end.
	done  chan struct{}
	over  bool
	timer *time.Timer
	// counted is when the death that it is about was counted; zero: it was not.
	counted time.Time
}

// ends takes note of the calls under way in a process that ends. p.mu is held.
func (p *Process) ends(i *instance) {
	if i == nil || i.fate != nil {
		return
	}
	i.fate = &fate{}
	if s := i.sentence.Load(); p.ctx.Err() != nil || s != nil && isOverdue(s.cause) {
		return // we ended it; an overdue call has its answer, and no other is to blame
	}
	switch open := i.book.open(); {
	case len(open) == 1:
		i.fate.guilty, i.fate.inquiry = open[0], open[0].inquiry
	case len(open) > 1 && p.opts.Again:
		i.fate.inquiry = p.inquire(open)
	}
}

// inquire begins an inquiry.
func (p *Process) inquire(calls []*call) *inquiry {
	if p.inquiry != nil {
		p.conclude(p.inquiry)
	}
	q := &inquiry{open: len(calls), done: make(chan struct{})}
	for _, c := range calls {
		p.leave(c)
		c.inquiry, c.turn = q, nil
	}
	p.inquiry = q
	q.timer = time.AfterFunc(p.opts.Timing.Patience/2, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.conclude(q)
	})
	return q
}

// await returns what a call has to wait for before it begins; nil: nothing.
func (p *Process) await(c *call) <-chan struct{} {
	q := p.inquiry
	switch {
	case q == nil || q.turn == c:
		return nil
	case c.inquiry != q:
		return q.done
	}
	if c.turn == nil {
		c.turn = make(chan struct{})
		q.waiting = append(q.waiting, c)
		if q.next(); q.turn == c {
			return nil
		}
	}
	return c.turn
}

// next gives the turn to the call that began last, once all are waiting: one that
// ends processes has mostly run for longer than others do.
func (q *inquiry) next() {
	if q.over || q.turn != nil || len(q.waiting) == 0 || len(q.waiting) < q.open {
		return
	}
	at := 0
	for i, c := range q.waiting {
		if c.began.After(q.waiting[at].began) {
			at = i
		}
	}
	q.turn = q.waiting[at]
	q.waiting = slices.Delete(q.waiting, at, at+1)
	close(q.turn.turn)
}

// leave takes a call out of its inquiry.
func (p *Process) leave(c *call) {
	q := c.inquiry
	if q == nil {
		return
	}
	c.inquiry = nil
	q.waiting = slices.DeleteFunc(q.waiting, func(w *call) bool { return w == c })
	if q.turn == c {
		q.turn = nil
	}
	if q.open--; q.open == 0 {
		p.conclude(q)
	}
	q.next()
}

// conclude ends an inquiry: whoever waits goes on.
func (p *Process) conclude(q *inquiry) {
	if q.over {
		return
	}
	q.over = true
	q.timer.Stop()
	if p.inquiry == q {
		p.inquiry = nil
	}
	close(q.done)
	for _, c := range q.waiting {
		close(c.turn)
	}
}
