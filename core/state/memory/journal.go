package memory

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"modernc.org/sqlite"

	"github.com/muster-gg/muster/core/state"
)

// journal is the file behind a store: the newest value of every document. It
// talks to the driver directly, as database/sql would cost more than the rows.
type journal struct {
	path   string // as the operator wrote it, for messages
	file   string // absolute, links resolved
	lock   *os.File
	logger *zap.Logger
	ckpt   *checkpointer

	// mu is held over each transaction, and by a checkpoint that wants the writer
	// to pause.
	mu   sync.Mutex
	conn *connection // nil after a failure, until the next write

	// unsynced says that something was written since the last checkpoint began.
	unsynced atomic.Bool
	// grown is about how many bytes the WAL has grown since it began anew.
	grown atomic.Int64
}

// openJournal opens or makes the file and takes its lock.
func openJournal(ctx context.Context, path string, every time.Duration, logger *zap.Logger) (*journal, error) {
	j := &journal{path: path, logger: logger}
	if err := j.open(ctx, every); err != nil {
		return nil, errors.Join(err, j.close())
	}
	return j, nil
}

func (j *journal) open(ctx context.Context, every time.Duration) error {
	file, err := filepath.Abs(j.path)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	// SQLite puts its files beside the one that a link leads to.
	if target, err := filepath.EvalSymlinks(file); err == nil {
		file = target
	}
	j.file = file
	if j.lock, err = lockFile(file + ".lock"); err != nil {
		return err
	}
	if err := ensureFile(file); err != nil {
		return err
	}
	if j.conn, err = j.connect(ctx); err != nil {
		return damaged(err)
	}
	if j.ckpt, err = startCheckpoints(ctx, j, every); err != nil {
		return damaged(err)
	}
	return nil
}

// ensureFile makes the file with its mode, which the WAL takes over, before
// SQLite would with another.
func ensureFile(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

// dial opens a bare connection.
func (j *journal) dial(ctx context.Context) (driver.Conn, error) {
	path := filepath.ToSlash(j.file)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive letter
	}
	q := url.Values{"_pragma": {
		"busy_timeout(2000)", "synchronous(NORMAL)", "wal_autocheckpoint(0)",
		fmt.Sprintf("journal_size_limit(%d)", walLimit),
	}}
	c, err := sqlite.NewConnector((&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, err
	}
	return c.Connect(ctx)
}

// load fills the tables with what the file holds. next is the first row that was
// not used.
func (j *journal) load(ctx context.Context, ts *tables) (next int64, err error) {
	err = query(ctx, j.conn.conn, "SELECT name, revision FROM game", func(v []driver.Value) error {
		name, ok1 := v[0].(string)
		revision, ok2 := v[1].(int64)
		if !ok1 || !ok2 || revision < 0 {
			return errContent
		}
		t := ts.open(name)
		t.revision, t.batch.reserved = uint64(revision), uint64(revision)
		return nil
	})
	if err != nil {
		return 0, err
	}
	next = 1
	err = query(ctx, j.conn.conn, "SELECT game, kind, id, version, deadline, value, seq FROM doc", func(v []driver.Value) error {
		game, ok1 := v[0].(string)
		kind, ok2 := v[1].(string)
		id, ok3 := v[2].(string)
		version, ok4 := v[3].(int64)
		seq, ok5 := v[6].(int64)
		if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || version <= 0 || seq <= 0 {
			return errContent
		}
		d := state.Doc{Key: state.Key{Kind: kind, ID: id}, Version: uint64(version), Value: state.Raw{}}
		if body, ok := v[5].([]byte); ok && len(body) > 0 {
			d.Value = state.Raw(append([]byte(nil), body...))
		}
		if at, ok := v[4].(int64); ok {
			d.Deadline = time.UnixMilli(at)
		}
		t := ts.open(game)
		if t.entry(d.Key) != nil {
			return errContent // twice in the file
		}
		t.put(d, seq)
		t.revision = max(t.revision, d.Version)
		next = max(next, seq+1)
		return nil
	})
	return next, err
}

// write puts rows and marks into the file in one transaction. unsure says that the
// error came so late that the file may hold them nonetheless.
func (j *journal) write(rows []row, marks []mark) (unsure bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.conn == nil {
		if j.conn, err = j.connect(context.Background()); err != nil {
			return false, err
		}
	}
	grown, unsure, err := j.conn.write(rows, marks)
	if err != nil {
		// Closing rolls back, whatever state the connection is in.
		err = errors.Join(err, j.conn.close())
		j.conn = nil
		return unsure, err
	}
	j.unsynced.Store(true)
	if size := j.grown.Add(grown); size > walLimit {
		j.ckpt.nudge()
		if size > walFull {
			// What was written is safe: if this fails the checkpointer says so, and it
			// is tried again only after as much again.
			if j.ckpt.restart() != nil {
				j.grown.Store(walLimit)
			}
		}
	}
	return false, nil
}

// close brings everything to the disk and lets the file go.
func (j *journal) close() error {
	var errs []error
	if j.ckpt != nil {
		j.ckpt.stop()
	}
	if j.conn != nil {
		errs = append(errs, j.conn.close())
	}
	if j.ckpt != nil {
		errs = append(errs, j.ckpt.close())
	}
	if j.lock != nil {
		errs = append(errs, j.lock.Close())
	}
	return errors.Join(errs...)
}

// query calls fn for each row, whose values are valid until fn returns.
func query(ctx context.Context, c driver.Conn, sql string, fn func([]driver.Value) error) error {
	rows, err := c.(driver.QueryerContext).QueryContext(ctx, sql, nil)
	if err != nil {
		return err
	}
	values := make([]driver.Value, len(rows.Columns()))
	for {
		err := rows.Next(values)
		if err == nil {
			err = fn(values)
		}
		if errors.Is(err, io.EOF) {
			return rows.Close()
		}
		if err != nil {
			return errors.Join(err, rows.Close())
		}
	}
}
