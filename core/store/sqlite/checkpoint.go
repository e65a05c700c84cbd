package sqlite

import (
	"context"
	"database/sql"
	"os"
	"sync"

	"go.uber.org/zap"
)

const (
	// checkpointAt is the size of the WAL above which it is moved into the file. The
	// writer's journal_size_limit is the same: a WAL that starts over is cut to it
	// and then overwritten in place, so a larger one has grown since.
	checkpointAt = 4 << 20
	// truncateAt is the size at which the writer is held back between two commits:
	// while changes come without a pause, a passive checkpoint never catches up and
	// the WAL does not start over. Little is left to move after the passive one.
	truncateAt = 32 << 20
)

// checkpointer moves the WAL into the file on a connection of its own, so that
// the writer does not stop for it.
type checkpointer struct {
	db     *sql.DB
	wal    string
	logger *zap.Logger
	// gate is held by the writer during a transaction; SQLite's own lock has no
	// order of arrival, so a busy writer would keep it for ever.
	gate *sync.Mutex
	wake chan struct{}
	quit chan struct{}
	done chan struct{}
}

func newCheckpointer(ctx context.Context, abs string, gate *sync.Mutex, logger *zap.Logger) (*checkpointer, error) {
	db, err := sql.Open("sqlite", dsn(abs, "synchronous(FULL)", "wal_autocheckpoint(0)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		return nil, err
	}
	c := &checkpointer{
		db: db, wal: abs + "-wal", gate: gate, logger: logger,
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	go c.loop()
	return c, nil
}

// nudge says that the WAL may have grown. It never blocks.
func (c *checkpointer) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *checkpointer) loop() {
	defer close(c.done)
	next := int64(checkpointAt)
	for {
		select {
		case <-c.quit:
			return
		case <-c.wake:
		}
		size := c.size()
		if size <= next {
			if size <= checkpointAt {
				next = checkpointAt // it started over
			}
			continue
		}
		// A failed checkpoint loses nothing: the WAL stays and is tried again.
		err := c.run("PASSIVE")
		if size = c.size(); err == nil && size >= truncateAt {
			c.gate.Lock()
			err = c.run("TRUNCATE")
			c.gate.Unlock()
			size = c.size()
		}
		if err != nil {
			c.logger.Warn("store checkpoint failed", zap.Error(err))
		}
		next = max(size, checkpointAt) + checkpointAt
	}
}

// size of the WAL file in bytes.
func (c *checkpointer) size() int64 {
	info, err := os.Stat(c.wal)
	if err != nil {
		return 0
	}
	return info.Size()
}

// run makes one checkpoint. A busy one (readers of old versions, a busy writer)
// is no error.
func (c *checkpointer) run(mode string) error {
	var busy, frames, moved int
	return c.db.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &frames, &moved)
}

// close ends the goroutine, empties the WAL and closes the connection. The writer
// must have stopped.
func (c *checkpointer) close() error {
	close(c.quit)
	<-c.done
	if err := c.run("TRUNCATE"); err != nil {
		c.logger.Warn("store checkpoint at close failed; the WAL is read at the next start", zap.Error(err))
	}
	return c.db.Close()
}
