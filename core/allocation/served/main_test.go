package served_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/served"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/state/memory"
	"github.com/muster-gg/muster/core/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var good = allocation.Server{Name: "gs-1", Address: "203.0.113.1", Port: 7000, Provider: "fleet"}

// unknown is what a chain answers that cannot say whether there is a server.
func unknown() error {
	return allocation.ErrUnknown.With(&allocation.UnknownError{Provider: "fleet", Cause: errors.New("the call was cut")})
}

// chain is a Chain that answers as a test says.
type chain struct {
	// make answers one call; nil: with a server, at once.
	make func(ctx context.Context, r allocation.Request) (allocation.Server, error)
	// release and find are what those calls answer, there that a server is found.
	release, find error
	there         bool

	mu       sync.Mutex
	asked    []string // match ids
	named    []string // of servers that were released
	unnamed  []string // of those that were released by their match alone
	orphans  []store.Orphan
	deadline time.Duration // of the last call; 0: none
}

func (c *chain) Allocate(ctx context.Context, r allocation.Request) (allocation.Server, error) {
	c.mu.Lock()
	c.asked = append(c.asked, r.MatchID)
	c.deadline = 0
	if at, ok := ctx.Deadline(); ok {
		c.deadline = time.Until(at)
	}
	c.mu.Unlock()
	if err := r.Asking(ctx, "fleet"); err != nil {
		return allocation.Server{}, allocation.ErrFailed.With(allocation.None(err))
	}
	if c.make == nil {
		return good, nil
	}
	return c.make(ctx, r)
}

func (c *chain) Release(_ context.Context, _, _, matchID string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unnamed = append(c.unnamed, matchID)
	return c.release
}

func (c *chain) ReleaseServer(_ context.Context, _, matchID string, _ allocation.Server) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.named = append(c.named, matchID)
	return c.release
}

func (c *chain) Find(context.Context, string, string, string) (allocation.Server, bool, error) {
	return allocation.Server{}, c.there, c.find
}

func (c *chain) AddOrphan(_ context.Context, o store.Orphan) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.orphans = append(c.orphans, o)
	return nil
}

// cancelled waits until the caller gives up.
func cancelled(then error) func(context.Context, allocation.Request) (allocation.Server, error) {
	return func(ctx context.Context, _ allocation.Request) (allocation.Server, error) {
		<-ctx.Done()
		if then == nil {
			return good, nil // it was too late
		}
		return allocation.Server{}, then
	}
}

// documents are a real state store, whose writes may fail.
type documents struct {
	state.Store
	fails func(state.Tx) error
}

func (d *documents) Apply(ctx context.Context, tx state.Tx) (uint64, error) {
	if d.fails != nil {
		if err := d.fails(tx); err != nil {
			return 0, err
		}
	}
	return d.Store.Apply(ctx, tx)
}

// notes are the servers that the store knows as open, by id.
func (d *documents) notes(t testing.TB) map[string]served.Note {
	t.Helper()
	open := map[string]served.Note{}
	must(t, d.List(t.Context(), "arena", served.KindLent, func(doc state.Doc) bool {
		open[doc.Key.ID] = *doc.Value.(*served.Note)
		return true
	}))
	return open
}

func newDocuments(t testing.TB) *documents {
	t.Helper()
	store, err := memory.Open(context.Background(), memory.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	return &documents{Store: store}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// service is one over a chain, closed at the end of the test. Then no server is open.
func service(t testing.TB, c *chain) *served.Service {
	t.Helper()
	return serviceOver(t, c, newDocuments(t))
}

func serviceOver(t testing.TB, c *chain, docs *documents) *served.Service {
	t.Helper()
	s, err := served.New(served.Options{Game: "arena", Keys: []string{"one", "two"}, Chain: c, State: docs, Orphans: c})
	must(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		must(t, s.Close(ctx))
		if docs.fails == nil {
			must(t, docs.List(ctx, "arena", served.KindLent, func(d state.Doc) bool {
				t.Errorf("%s is still open", d.Key)
				return true
			}))
		}
	})
	return s
}

// told notes what a caller is told.
type told struct {
	server allocation.Server
	err    error
	times  int
	fails  error // what the caller's connection answers
}

func (to *told) tell(s allocation.Server, err error) error {
	to.server, to.err = s, err
	to.times++
	return to.fails
}
