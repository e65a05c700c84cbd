// Package memory keeps short-lived state in the process, for one node. Documents
// are handed back as the very values that were applied. With a journal every
// committed batch is in a file before it is acknowledged: a killed process loses
// nothing, a power cut at most Options.CheckpointEvery.
package memory

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/state"
)

// Options say how state is kept.
type Options struct {
	// Path of the journal, an SQLite file; it and its folder are made (0600, 0700)
	// when absent. Beside it stand Path-wal, Path-shm and Path.lock. Empty: no
	// journal, all is gone with the process.
	Path string
	// CheckpointEvery is how often the journal is synced to the disk, and so what a
	// power cut can lose; 0 means 5 seconds.
	CheckpointEvery time.Duration
	// Logger may be nil.
	Logger *zap.Logger
}

// Store is a state.Store. With a journal one goroutine commits what callers wait
// for in batches; without one a lock is enough.
type Store struct {
	tables  tables
	commits *committer // nil without a journal
	closed  atomic.Bool
	// life is held for reading by every Apply and for writing by Close.
	life sync.RWMutex
}

var _ state.Store = (*Store)(nil)

// Open returns a store with the documents of its journal. A file that is damaged,
// of another program, of a newer version or in use by another process is an error
// that names it.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{}
	s.tables.init()
	if o.Path == "" {
		return s, nil
	}
	if o.CheckpointEvery < 0 {
		return nil, errors.New("state/memory: CheckpointEvery is negative")
	}
	if o.CheckpointEvery == 0 {
		o.CheckpointEvery = 5 * time.Second
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	j, err := openJournal(ctx, o.Path, o.CheckpointEvery, o.Logger)
	if err != nil {
		return nil, fmt.Errorf("state/memory: journal %s: %w", o.Path, err)
	}
	next, err := j.load(ctx, &s.tables)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("state/memory: journal %s: %w", o.Path, damaged(err)), j.close())
	}
	s.commits = newCommitter(j, next)
	return s, nil
}

// Get implements state.Store. The documents are of one moment.
func (s *Store) Get(ctx context.Context, game string, keys ...state.Key) ([]state.Doc, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	docs := make([]state.Doc, len(keys))
	t := s.tables.find(game)
	if t == nil {
		for i, k := range keys {
			docs[i].Key = k
		}
		return docs, nil
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	for i, k := range keys {
		docs[i] = t.get(k)
	}
	return docs, nil
}

// Apply implements state.Store. When ctx ends while the transaction waits for its
// turn it is taken back and ctx's error returned; after that the answer is awaited.
func (s *Store) Apply(ctx context.Context, tx state.Tx) (uint64, error) {
	s.life.RLock()
	defer s.life.RUnlock()
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	if err := distinct(tx.Writes); err != nil {
		return 0, err
	}
	t := s.tables.open(tx.Game)
	if s.commits != nil {
		return s.commits.apply(ctx, t, tx.Writes)
	}
	return t.apply(tx.Writes)
}

// Due implements state.Store.
func (s *Store) Due(ctx context.Context, game, kind string, now time.Time, limit int) ([]state.Doc, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	t := s.tables.find(game)
	if t == nil || limit <= 0 {
		return nil, nil
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	k := t.kinds[kind]
	if k == nil {
		return nil, nil
	}
	return k.due.until(now.UnixMilli(), limit), nil
}

// List implements state.Store. Documents that exist all the while are seen once.
func (s *Store) List(ctx context.Context, game, kind string, fn func(state.Doc) bool) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	t := s.tables.find(game)
	if t == nil {
		return nil
	}
	var room [64]state.Doc
	for slot := 0; slot >= 0; {
		if err := s.ready(ctx); err != nil {
			return err
		}
		var docs []state.Doc
		docs, slot = t.chunk(kind, slot, room[:0])
		for _, d := range docs {
			if !fn(d) {
				return nil
			}
		}
	}
	return nil
}

// Close commits what is under way and brings the journal to the disk. Closing
// twice is no error.
func (s *Store) Close() error {
	s.life.Lock()
	defer s.life.Unlock()
	if s.closed.Swap(true) || s.commits == nil {
		return nil
	}
	return s.commits.close()
}

func (s *Store) ready(ctx context.Context) error {
	if s.closed.Load() {
		return state.ErrClosed
	}
	return ctx.Err()
}

// distinct refuses a transaction in which a key stands twice.
func distinct(writes []state.Write) error {
	if len(writes) > 16 {
		seen := make(map[state.Key]struct{}, len(writes))
		for i := range writes {
			seen[writes[i].Key] = struct{}{}
		}
		if len(seen) == len(writes) {
			return nil
		}
	}
	for i := range writes {
		for j := range i {
			if writes[i].Key == writes[j].Key {
				return fmt.Errorf("state/memory: %s stands twice in one transaction", writes[i].Key)
			}
		}
	}
	return nil
}
