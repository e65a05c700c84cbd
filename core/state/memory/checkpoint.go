package memory

import (
	"context"
	"database/sql/driver"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"
)

const (
	// walLimit is about the size of the WAL at which the writer is made to pause for
	// the end of a checkpoint: under constant load it would never start over by itself.
	walLimit = 16 << 20
	// walFull is the size at which the writer waits for a whole checkpoint: it
	// writes faster than the disk takes it.
	walFull = 64 << 20
)

// checkpointer syncs the WAL and moves it into the file, by the clock and when the
// WAL has grown long, on a connection of its own.
type checkpointer struct {
	journal *journal
	mu      sync.Mutex // over conn; taken after the journal's when both are
	conn    driver.Conn
	wake    chan struct{}
	quit    chan struct{}
	once    sync.Once
	done    chan struct{}
}

func startCheckpoints(ctx context.Context, j *journal, every time.Duration) (*checkpointer, error) {
	conn, err := j.dial(ctx)
	if err != nil {
		return nil, err
	}
	c := &checkpointer{
		journal: j, conn: conn,
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	go c.run(every)
	return c, nil
}

// nudge says that the WAL has grown long. It never blocks.
func (c *checkpointer) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *checkpointer) run(every time.Duration) {
	defer close(c.done)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-c.quit:
			return
		case <-ticker.C:
		case <-c.wake:
		}
		if err := c.checkpoint(); err != nil {
			c.journal.logger.Warn("state journal not synced; it is tried again", zap.String("path", c.journal.path), zap.Error(err))
		}
	}
}

// checkpoint brings what was written to the disk and, when the WAL is long, makes
// it start over.
func (c *checkpointer) checkpoint() error {
	j := c.journal
	if !j.unsynced.Swap(false) {
		return nil
	}
	err := c.move()
	if err == nil && j.grown.Load() > walLimit {
		if err = c.move(); err == nil { // most of what came meanwhile
			j.mu.Lock()
			err = c.restart()
			j.mu.Unlock()
		}
	}
	if err != nil {
		j.unsynced.Store(true)
	}
	return err
}

// restart moves the whole WAL, so that the next transaction begins it anew. The
// caller holds the journal's mu: SQLite says how much it moved of what was there at
// the beginning, and only without a writer that is all.
func (c *checkpointer) restart() error {
	err := c.move()
	if err == nil {
		c.journal.grown.Store(0)
	}
	return err
}

// errBusy says that another program reads the file.
var errBusy = errors.New("the journal is being read by another program")

// move makes one passive checkpoint: it syncs the WAL and copies from it.
func (c *checkpointer) move() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return query(context.Background(), c.conn, "PRAGMA wal_checkpoint(PASSIVE)", func(v []driver.Value) error {
		if v[0] != int64(0) || v[1] != v[2] {
			return errBusy
		}
		return nil
	})
}

// stop ends the goroutine.
func (c *checkpointer) stop() {
	c.once.Do(func() { close(c.quit) })
	<-c.done
}

// close moves the WAL into the file and closes the connection, after stop.
func (c *checkpointer) close() error {
	if err := c.move(); err != nil {
		c.journal.logger.Warn("state journal not moved at close; its WAL is read at the next start",
			zap.String("path", c.journal.path), zap.Error(err))
	}
	return c.conn.Close()
}
