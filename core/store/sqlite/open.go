// Package sqlite is the store in one file, for one node. All changes go through
// one connection that commits them in groups: an operation is answered after the
// commit that holds it was synced (WAL, synchronous=FULL), so what was answered
// survives a crash of the process and of the machine.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"go.uber.org/zap"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/muster-gg/muster/core/store"
)

// maxReaders bounds the connections that read. They never wait for the writer.
const maxReaders = 4

// Options say where the store is.
type Options struct {
	// Path of the file; it and its folder are made (0600, 0700) when absent.
	Path string
	// Logger may be nil.
	Logger *zap.Logger
}

// Store keeps lasting data in one SQLite file. Its methods may be called from any
// goroutine. A method whose context ends gives up only while its change has not
// been taken up; after that it waits the few milliseconds for the truth.
type Store struct {
	path    string
	logger  *zap.Logger
	writes  *sql.DB // one connection, the writer's
	readers *sql.DB
	reads   reads
	writer  *writer
	ckpt    *checkpointer

	// life is held for reading by every call and for writing by Close.
	life   sync.RWMutex
	closed bool
}

var _ store.Store = (*Store)(nil)

// Open opens or makes the file and brings it to the newest schema. A file with a
// schema newer than this program's, or of another program, is an error.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Path == "" {
		return nil, errors.New("store/sqlite: Path is required")
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	s := &Store{path: o.Path, logger: o.Logger}
	if err := s.open(ctx); err != nil {
		s.closeFiles()
		return nil, fmt.Errorf("store/sqlite: %s: %w", o.Path, plain(err))
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) (err error) {
	if err := createFile(s.path); err != nil {
		return err
	}
	abs, err := filepath.Abs(s.path)
	if err != nil {
		return err
	}
	// SQLite puts the WAL beside the file that a link leads to.
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return err
	}
	limit := fmt.Sprintf("journal_size_limit(%d)", checkpointAt)
	if s.writes, err = sql.Open("sqlite", dsn(abs, "synchronous(FULL)", "wal_autocheckpoint(0)", limit)); err != nil {
		return err
	}
	s.writes.SetMaxOpenConns(1)
	conn, err := s.writes.Conn(ctx)
	if err != nil {
		return err
	}
	from, err := migrate(ctx, conn)
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	if from != len(migrations) {
		s.logger.Info("store brought to a new schema", zap.String("path", s.path), zap.Int("from", from), zap.Int("to", len(migrations)))
	}
	if s.readers, err = sql.Open("sqlite", dsn(abs, "query_only(1)", "wal_autocheckpoint(0)")); err != nil {
		return errors.Join(err, conn.Close())
	}
	s.readers.SetMaxOpenConns(maxReaders)
	s.readers.SetMaxIdleConns(maxReaders)
	if s.reads, err = prepareReads(ctx, s.readers); err != nil {
		return errors.Join(err, conn.Close())
	}
	if err := s.readable(ctx); err != nil {
		return errors.Join(err, conn.Close())
	}
	var gate sync.Mutex
	if s.ckpt, err = newCheckpointer(ctx, abs, &gate, s.logger); err != nil {
		return errors.Join(err, conn.Close())
	}
	s.writer = newWriter(conn, &gate, s.ckpt.nudge)
	return nil
}

// createFile makes the file with its mode before SQLite would with another; the
// WAL takes over its mode. An existing file is left alone: opening and closing it
// here would drop the locks of whoever uses it in this process.
func createFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// dsn is a file: address with the pragmas of one connection. Every wait for a
// lock that another process holds is bounded.
func dsn(abs string, pragmas ...string) string {
	q := url.Values{"_txlock": {"immediate"}, "_dqs": {"0"}}
	for _, p := range append([]string{"busy_timeout(5000)", "journal_mode(WAL)"}, pragmas...) {
		q.Add("_pragma", p)
	}
	return (&url.URL{Scheme: "file", Path: abs, RawQuery: q.Encode()}).String()
}

// Close waits for the calls under way, moves the WAL into the file and closes it.
// Closing twice is no error.
func (s *Store) Close() error {
	s.life.Lock()
	defer s.life.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return s.closeFiles()
}

// closeFiles closes what is open, in the order in which it is needed.
func (s *Store) closeFiles() error {
	var errs []error
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	if s.ckpt != nil {
		errs = append(errs, s.ckpt.close())
	}
	errs = append(errs, s.reads.close())
	for _, db := range []*sql.DB{s.readers, s.writes} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// read runs f while the store is open.
func (s *Store) read(f func() error) error {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return store.ErrClosed
	}
	return f()
}

// write runs f on the writer's connection and returns after it is durable.
func (s *Store) write(ctx context.Context, f func(*txn) error) error {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return store.ErrClosed
	}
	return s.writer.do(ctx, f)
}

// change is write for operations with a result, which nobody sees unless it is durable.
func change[T any](ctx context.Context, s *Store, f func(*txn) (T, error)) (T, error) {
	var result T
	err := s.write(ctx, func(t *txn) (err error) {
		result, err = f(t)
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return result, nil
}
