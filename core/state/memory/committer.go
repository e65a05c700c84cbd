package memory

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/muster-gg/muster/core/state"
)

const (
	queueSize  = 1024 // transactions that wait; more callers wait to get in
	batchSize  = 256
	batchBytes = 8 << 20 // encoded values at which a batch takes no more
	// revisionsAhead is how far the revision in the journal runs ahead of those
	// given away, so that it is seldom written and that a power cut, which may lose
	// the newest note, does not bring old revisions back.
	revisionsAhead = 1 << 20
)

// committer writes what callers wait for: one goroutine, batch by batch. Nothing
// of a batch is visible before the journal has all of it.
type committer struct {
	journal *journal
	queue   chan *request
	done    chan struct{}
	spare   sync.Pool // of *request
	// failing says that the last commit failed.
	failing atomic.Bool

	// Only the goroutine uses what follows.
	requests []*request
	touched  []*table
	arena    []byte // encoded values of the batch
	rows     []row
	marks    []mark
	next     int64   // the first row that was never used
	doubt    []doubt // what a failed commit may have left in the file
}

// doubt is a document of a failed commit.
type doubt struct {
	table *table
	key   state.Key
	seq   int64
}

// The states of a request: who moves it away from waiting decides.
const (
	waiting int32 = iota
	taken
	givenUp
)

type request struct {
	table    *table
	writes   []state.Write
	state    atomic.Int32
	answered chan struct{} // one place

	revision uint64
	err      error
}

func newCommitter(j *journal, next int64) *committer {
	c := &committer{
		journal: j, next: next,
		queue: make(chan *request, queueSize), done: make(chan struct{}),
		arena: make([]byte, 0, 64<<10),
	}
	go c.run()
	return c
}

// apply hands a transaction to the goroutine and waits for its answer.
func (c *committer) apply(ctx context.Context, t *table, writes []state.Write) (uint64, error) {
	r, _ := c.spare.Get().(*request)
	if r == nil {
		r = &request{answered: make(chan struct{}, 1)}
	}
	r.table, r.writes = t, writes
	select {
	case c.queue <- r:
	default:
		select {
		case c.queue <- r:
		case <-ctx.Done():
			c.recycle(r)
			return 0, ctx.Err()
		}
	}
	select {
	case <-r.answered:
	case <-ctx.Done():
		if r.state.CompareAndSwap(waiting, givenUp) {
			return 0, ctx.Err() // r stays in the queue and is skipped there
		}
		<-r.answered
	}
	revision, err := r.revision, r.err
	c.recycle(r)
	return revision, err
}

func (c *committer) recycle(r *request) {
	r.table, r.writes, r.err, r.revision = nil, nil, nil, 0
	r.state.Store(waiting)
	c.spare.Put(r)
}

// close ends the goroutine after the queue is empty. Nobody may call apply any more.
func (c *committer) close() error {
	close(c.queue)
	<-c.done
	var repair error
	if len(c.doubt) > 0 {
		repair = c.repair()
	}
	return errors.Join(repair, c.journal.close())
}

func (c *committer) run() {
	defer close(c.done)
	for r := range c.queue {
		// Whoever is about to call gets the chance to: without it a journal that
		// answers quickly would never see two transactions together.
		runtime.Gosched()
		c.evaluate(r)
	fill:
		for len(c.requests) < batchSize && len(c.arena) < batchBytes {
			select {
			case r, open := <-c.queue:
				if !open {
					break fill
				}
				c.evaluate(r)
			default:
				break fill
			}
		}
		c.commit()
	}
}

// evaluate compares a transaction with what is committed and with the batch so
// far, and adds its writes to the batch. It is answered with the batch.
func (c *committer) evaluate(r *request) {
	if !r.state.CompareAndSwap(waiting, taken) {
		return
	}
	c.requests = append(c.requests, r)
	t := r.table
	b := &t.batch
	for i := range r.writes {
		if b.version(t, r.writes[i].Key) != r.writes[i].Expect {
			r.err = conflict(r.writes, func(k state.Key) state.Doc { return b.get(t, k) })
			return
		}
	}
	revision := max(t.revision, b.revision)
	if !changes(r.writes) {
		r.revision = revision
		return
	}
	revision++
	var bodies [8][]byte
	encoded := bodies[:0]
	for i := range r.writes {
		w := &r.writes[i]
		from := len(c.arena)
		if w.Value != nil && !w.CheckOnly {
			arena, err := w.Value.AppendState(c.arena)
			if err != nil {
				r.err = fmt.Errorf("state/memory: %s not encoded: %w", w.Key, err)
				return
			}
			c.arena = arena
		}
		encoded = append(encoded, c.arena[from:len(c.arena):len(c.arena)])
	}
	if b.empty() {
		c.touched = append(c.touched, t)
	}
	for i := range r.writes {
		if !r.writes[i].CheckOnly {
			b.put(document(&r.writes[i], revision), encoded[i])
		}
	}
	b.revision, r.revision = revision, revision
}

// commit journals the batch, makes it visible and answers all that are in it.
func (c *committer) commit() {
	var err error
	if len(c.touched) > 0 {
		err = c.write()
		c.failing.Store(err != nil)
	}
	for _, t := range c.touched {
		t.batch.end(t, err == nil)
	}
	for i, r := range c.requests {
		if err != nil {
			r.revision, r.err = 0, err
		}
		c.requests[i] = nil
		r.answered <- struct{}{} // r is the caller's again
	}
	c.requests, c.touched = c.requests[:0], c.touched[:0]
	c.arena = c.arena[:0]
	if cap(c.arena) > 2*batchBytes {
		c.arena = make([]byte, 0, 64<<10)
	}
}

func (c *committer) write() error {
	if len(c.doubt) > 0 {
		if err := c.repair(); err != nil {
			return err
		}
	}
	c.rows, c.marks = c.rows[:0], c.marks[:0]
	for _, t := range c.touched {
		c.rows = t.batch.rows(t, c.rows, &c.next)
		if m, due := t.batch.reserve(t); due {
			c.marks = append(c.marks, m)
		}
	}
	unsure, err := c.journal.write(c.rows, c.marks)
	if unsure {
		for _, t := range c.touched {
			for i := range t.batch.changes {
				if ch := &t.batch.changes[i]; ch.seq != 0 {
					c.doubt = append(c.doubt, doubt{t, ch.doc.Key, ch.seq})
				}
			}
		}
	}
	clear(c.rows) // let the values go
	if err != nil {
		return fmt.Errorf("state/memory: journal %s: %w", c.journal.path, err)
	}
	return nil
}

// repair writes what is true of the documents of a commit that failed, since
// nobody knows what the file holds of them. Their values may be encoded again.
func (c *committer) repair() error {
	var rows []row
	for _, d := range c.doubt {
		r := row{seq: d.seq, fresh: true, game: d.table.game, doc: d.table.get(d.key)}
		if r.doc.Value != nil {
			var err error
			if r.body, err = r.doc.Value.AppendState([]byte{}); err != nil {
				return fmt.Errorf("state/memory: %s not encoded: %w", d.key, err)
			}
		}
		rows = append(rows, r)
	}
	if _, err := c.journal.write(rows, nil); err != nil {
		return fmt.Errorf("state/memory: journal %s: after a failed commit: %w", c.journal.path, err)
	}
	c.doubt = nil
	return nil
}
