// Package served lends a game's servers to other backends: GameFlow's allocation
// call, answered by the game's own chain.
package served

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/lifecycle"
	"github.com/muster-gg/muster/core/store"
)

const (
	// matchPrefix begins the ids under which a chain knows servers that were lent: no
	// match of the game has one like it, and none is recorded under it.
	matchPrefix = "api-"
	// maxCalls bounds the calls under way; the chain's entries have places of their own.
	maxCalls = 1024
	// maxKept and keptFor bound what is known of calls with a key.
	maxKept = 4096
	keptFor = 24 * time.Hour
	// cleanupTimeout bounds what is done for a server that nobody was told of.
	cleanupTimeout = 30 * time.Second
	// unwantedCause is why a server that is ready is given back.
	unwantedCause = "its caller went away"
	// maxCause bounds what is written down of why a server may be nobody's, in bytes.
	maxCause = 500
)

// Why a call was not taken up, so that surely no server was made for it.
var (
	ErrBusy   = errors.New("too many calls are under way")
	ErrClosed = errors.New("the node is about to end")
	// ErrReused says that the key came before, with another region or payload.
	ErrReused = errors.New("the key was used for another call")
)

// Chain makes servers; *allocation.Chain is it.
type Chain interface {
	Allocate(ctx context.Context, r allocation.Request) (allocation.Server, error)
	Release(ctx context.Context, provider, game, matchID string) error
	ReleaseServer(ctx context.Context, game, matchID string, s allocation.Server) error
	Find(ctx context.Context, provider, game, matchID string) (allocation.Server, bool, error)
}

// Orphans keeps servers that may exist although nobody knows them; store.Store is it.
type Orphans interface {
	AddOrphan(ctx context.Context, o store.Orphan) error
}

// Options make a Service. All but Logger are required.
type Options struct {
	Game string
	// Keys let callers in.
	Keys    []string
	Chain   Chain
	State   State
	Orphans Orphans
	// Logger may be nil.
	Logger *zap.Logger
}

// Call asks for one server.
type Call struct {
	// APIKey is one that Knows. It keeps callers' IdempotencyKeys apart.
	APIKey string
	// IdempotencyKey, when not empty, names the call: one that comes again gets the
	// server of the first.
	IdempotencyKey  string
	Region, Payload string
	// Timeout is how long the server may take until it is ready; 0: as long as the
	// chain has.
	Timeout time.Duration
}

// Service answers calls. It is safe for concurrent use. Close it.
type Service struct {
	game    string
	keys    [][sha256.Size]byte
	chain   Chain
	state   State
	orphans Orphans
	log     *zap.Logger

	ctx    context.Context // ends what is under way
	cancel context.CancelFunc
	wg     sync.WaitGroup // attempts; guarded by mu against late ones
	// callers are those who wait or are told.
	callers sync.WaitGroup

	mu     sync.Mutex
	closed bool
	calls  int
	kept   *simplelru.LRU[callKey, *attempt]
}

// New checks the options. It starts nothing.
func New(o Options) (*Service, error) {
	if o.Game == "" || len(o.Keys) == 0 || o.Chain == nil || o.State == nil || o.Orphans == nil {
		return nil, errors.New("served: Game, Keys, Chain, State and Orphans are required")
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	s := &Service{game: o.Game, chain: o.Chain, state: o.State, orphans: o.Orphans, log: o.Logger}
	for _, key := range o.Keys {
		if key == "" {
			return nil, errors.New("served: a key is empty")
		}
		s.keys = append(s.keys, sha256.Sum256([]byte(key)))
	}
	var err error
	if s.kept, err = simplelru.NewLRU[callKey, *attempt](maxKept, nil); err != nil {
		return nil, err
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// Knows reports whether a key lets in. It takes as long for every key.
func (s *Service) Knows(key string) bool {
	sum, found := sha256.Sum256([]byte(key)), 0
	for _, known := range s.keys {
		found |= subtle.ConstantTimeCompare(sum[:], known[:])
	}
	return found == 1
}

// Make makes a server for a call and tells the caller of it, or why there is none:
// the errors above and the chain's. The caller is told once, and never after ctx
// has ended. A server of which no caller is told is given back, so an error of tell,
// which Make returns, must mean that he was not.
func (s *Service) Make(ctx context.Context, c Call, tell func(allocation.Server, error) error) error {
	a, err := s.join(c)
	if err != nil {
		return tell(allocation.Server{}, err)
	}
	defer s.callers.Done()
	select {
	case <-a.done:
	case <-ctx.Done():
	}
	if err = ctx.Err(); err == nil {
		err = tell(a.server(), a.err)
	}
	s.leave(a, err == nil)
	return err
}

// Close takes no more calls, and returns when all callers have their answers and
// nothing is left to do for them. When ctx ends first, the servers that are not
// ready are given up, and their callers are told so; that is an error.
func (s *Service) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	return lifecycle.End(ctx, func() {
		s.wg.Wait()
		s.callers.Wait()
	}, s.cancel)
}

// cleanup bounds what has to be done although the service may be about to end.
func (s *Service) cleanup() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(s.ctx), cleanupTimeout)
}

func newMatchID() string { return matchPrefix + rand.Text() }
