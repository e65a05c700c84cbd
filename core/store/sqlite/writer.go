package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	// maxBatch bounds how many operations share one commit.
	maxBatch = 256
	// maxQueue bounds how many wait; more callers block until there is room.
	maxQueue = 1024
)

// writer owns the one connection that changes the file. Its goroutine takes what
// is waiting, runs it in one transaction, commits, and only then answers.
type writer struct {
	conn  *sql.Conn
	queue chan *request
	done  chan struct{}
	// gate is held during a transaction; whoever else takes it holds the writer back.
	gate *sync.Mutex
	// committed is called after every commit; it must not block.
	committed func()
	// failing says that the last commit failed, or an operation of it for the
	// file's sake.
	failing atomic.Bool
	stmts   map[string]*sql.Stmt
}

// request is one operation that waits. Whoever moves state away from waiting
// decides: the writer takes it, or its caller gives up.
type request struct {
	run    func(*txn) error
	state  atomic.Int32
	answer chan error
}

const (
	waiting = iota
	taken
	givenUp
)

func newWriter(conn *sql.Conn, gate *sync.Mutex, committed func()) *writer {
	w := &writer{
		conn:      conn,
		queue:     make(chan *request, maxQueue),
		done:      make(chan struct{}),
		gate:      gate,
		committed: committed,
		stmts:     map[string]*sql.Stmt{},
	}
	go w.loop()
	return w
}

// close answers what is queued, ends the goroutine and gives the connection back.
// No call of do may be under way or follow.
func (w *writer) close() error {
	close(w.queue)
	<-w.done
	var errs []error
	for _, s := range w.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, w.conn.Close())...)
}

// do queues f and waits for its commit. When ctx ends before f was taken up, f
// never runs; afterwards do waits for the outcome.
func (w *writer) do(ctx context.Context, f func(*txn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &request{run: f, answer: make(chan error, 1)}
	select {
	case w.queue <- r:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-r.answer:
		return err
	case <-ctx.Done():
		if r.state.CompareAndSwap(waiting, givenUp) {
			return ctx.Err()
		}
		return <-r.answer
	}
}

func (w *writer) loop() {
	defer close(w.done)
	batch := make([]*request, 0, maxBatch)
	for first := range w.queue {
		// Callers that were just answered get a chance to queue their next
		// operation, else every batch after an idle moment would be of one.
		runtime.Gosched()
		batch = w.take(append(batch[:0], first))
		if len(batch) > 0 {
			w.commit(batch)
		}
		clear(batch)
	}
}

// take fills the batch from the queue and leaves out what was given up.
func (w *writer) take(batch []*request) []*request {
	if !batch[0].state.CompareAndSwap(waiting, taken) {
		batch = batch[:0]
	}
	for len(batch) < maxBatch {
		select {
		case r, ok := <-w.queue:
			if !ok {
				return batch
			}
			if r.state.CompareAndSwap(waiting, taken) {
				batch = append(batch, r)
			}
		default:
			return batch
		}
	}
	return batch
}

// commit runs a batch in one transaction. An operation that fails is undone by
// itself and leaves the others alone; if the transaction fails, all fail.
func (w *writer) commit(batch []*request) {
	errs := make([]error, len(batch))
	err := w.transact(batch, errs)
	w.failing.Store(err != nil || slices.ContainsFunc(errs, ofDisk))
	if err != nil {
		for i := range errs {
			errs[i] = fmt.Errorf("store/sqlite: commit: %w", err)
		}
	} else {
		w.committed()
	}
	for i, r := range batch {
		r.answer <- errs[i]
	}
}

func (w *writer) transact(batch []*request, errs []error) error {
	w.gate.Lock()
	defer w.gate.Unlock()
	t := &txn{w: w}
	if err := t.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for i, r := range batch {
		var broken error
		if errs[i], broken = t.step(r.run); broken != nil {
			return errors.Join(broken, t.exec("ROLLBACK"))
		}
	}
	if err := t.exec("COMMIT"); err != nil {
		// A failed COMMIT may have ended the transaction by itself or not; the
		// next BEGIN must find none.
		_ = t.exec("ROLLBACK")
		return err
	}
	return nil
}

// txn is the transaction of one batch, used by the writer's goroutine alone.
type txn struct{ w *writer }

// step runs one operation inside a savepoint. broken says that the transaction
// as a whole is lost, as SQLite does by itself when the disk is full.
func (t *txn) step(run func(*txn) error) (err, broken error) {
	if broken = t.exec("SAVEPOINT op"); broken != nil {
		return nil, broken
	}
	if err = run(t); err != nil {
		if e := t.exec("ROLLBACK TO op"); e != nil {
			return nil, errors.Join(err, e)
		}
	}
	return err, t.exec("RELEASE op")
}

// prepared returns the statement of a constant query, made at its first use.
func (t *txn) prepared(query string) (*sql.Stmt, error) {
	if s, ok := t.w.stmts[query]; ok {
		return s, nil
	}
	s, err := t.w.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	t.w.stmts[query] = s
	return s, nil
}

func (t *txn) exec(query string, args ...any) error {
	_, err := t.change(query, args...)
	return err
}

// change runs a statement and returns how many rows it changed. The context of
// the caller is not used here: it must not end the others' transaction.
func (t *txn) change(query string, args ...any) (int64, error) {
	s, err := t.prepared(query)
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t *txn) query(query string, args ...any) (*sql.Rows, error) {
	s, err := t.prepared(query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(context.Background(), args...)
}
