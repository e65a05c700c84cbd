package match

import (
	"context"
	"sync"
	"time"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/state"
)

// fleet is an allocator whose answers a test decides.
type fleet struct {
	mu       sync.Mutex
	made     []allocation.Request
	released []string            // every call, whatever was answered
	known    []allocation.Server // of those that named the server
	answer   func(ctx context.Context, r allocation.Request) (allocation.Server, error)
	finds    bool // Find works, and finds nothing
	find     func(ctx context.Context, matchID string) (allocation.Server, bool, error)
	lists    func() ([]string, error)
	cannot   func(ctx context.Context) error // of Release
}

func (f *fleet) Allocate(ctx context.Context, r allocation.Request) (allocation.Server, error) {
	f.mu.Lock()
	f.made = append(f.made, r)
	f.mu.Unlock()
	if err := r.Asking(ctx, "stub"); err != nil {
		return allocation.Server{}, allocation.ErrFailed.With(err)
	}
	if f.answer != nil {
		return f.answer(ctx, r)
	}
	return server, nil
}

func (f *fleet) Release(ctx context.Context, _, _, matchID string) error {
	f.mu.Lock()
	f.released = append(f.released, matchID)
	cannot := f.cannot
	f.mu.Unlock()
	if cannot != nil {
		return cannot(ctx)
	}
	return nil
}

func (f *fleet) ReleaseServer(ctx context.Context, game, matchID string, s allocation.Server) error {
	f.mu.Lock()
	f.known = append(f.known, s)
	f.mu.Unlock()
	return f.Release(ctx, s.Provider, game, matchID)
}

func (f *fleet) Find(ctx context.Context, _, _, matchID string) (allocation.Server, bool, error) {
	switch {
	case f.find != nil:
		return f.find(ctx, matchID)
	case f.finds:
		return allocation.Server{}, false, nil
	}
	return allocation.Server{}, false, allocation.ErrCannotFind
}

func (f *fleet) Matches(context.Context, string, string) ([]string, error) {
	if f.lists == nil {
		return nil, allocation.ErrCannotList
	}
	return f.lists()
}

func (f *fleet) Budget() time.Duration { return time.Minute }

func (f *fleet) releases() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.released)
}

// named is how many releases named the server.
func (f *fleet) named() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.known)
}

// faulty is a state store that fails as a test says.
type faulty struct {
	state.Store
	mu sync.Mutex
	// read fails every Get.
	read error
	// write is asked before a write; saved is the error of one that happens all the same.
	write func(tx state.Tx) (refused, saved error)
}

// over makes a fixture's state faulty.
func (s *faulty) over(f *fixture) { s.Store, f.state = f.state, s }

func (s *faulty) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *faulty) Get(ctx context.Context, game string, keys ...state.Key) ([]state.Doc, error) {
	s.mu.Lock()
	err := s.read
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return s.Store.Get(ctx, game, keys...)
}

func (s *faulty) Apply(ctx context.Context, tx state.Tx) (uint64, error) {
	s.mu.Lock()
	write := s.write
	s.mu.Unlock()
	if write == nil {
		return s.Store.Apply(ctx, tx)
	}
	refused, saved := write(tx)
	if refused != nil {
		return 0, refused
	}
	revision, err := s.Store.Apply(ctx, tx)
	if err == nil && saved != nil {
		return 0, saved
	}
	return revision, err
}

// writes reports whether a transaction writes a document of a kind.
func writes(tx state.Tx, kind string) bool {
	for _, w := range tx.Writes {
		if w.Key.Kind == kind && !w.CheckOnly && w.Value != nil {
			return true
		}
	}
	return false
}
