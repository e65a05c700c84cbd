// Package match turns a lobby into a match: it runs the start as a saga whose
// every step is saved before the next, hands out tickets, and ends matches by
// their result, their server's end or their time limit.
package match

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/lifecycle"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/store"
)

// Lobbies is what a match needs of its game's lobbies; *lobby.Service is it.
type Lobbies interface {
	Get(ctx context.Context, id string) (lobby.Snapshot, error)
	BeginStart(ctx context.Context, who lobby.Who, matchID, region string, deadline time.Time) (lobby.Result, error)
	ShowStep(id, matchID string, step lobby.Step) (lobby.Result, error)
	Rebalance(id, matchID string, teams [][]string) (lobby.Result, error)
	CommitStart(id string, m lobby.Match, record func(lobby.Match) []state.Write) (lobby.Result, error)
	FailStart(id, matchID string, f *fault.Error) (lobby.Result, error)
	EndMatch(id, matchID string, result json.RawMessage, f *fault.Error) error
}

// Allocator gets servers; *allocation.Chain is it.
type Allocator interface {
	Allocate(ctx context.Context, r allocation.Request) (allocation.Server, error)
	Release(ctx context.Context, provider, game, matchID string) error
	// ReleaseServer is Release where it is known which server the match has.
	ReleaseServer(ctx context.Context, game, matchID string, s allocation.Server) error
	Find(ctx context.Context, provider, game, matchID string) (allocation.Server, bool, error)
	// Matches is allocation.ErrCannotList for a provider that does not know them.
	Matches(ctx context.Context, provider, game string) ([]string, error)
	Budget() time.Duration
}

// Records keeps how matches ended and which servers may be orphans; store.Store is it.
type Records interface {
	store.Matches
	store.Orphans
}

// Accounts tells whether a player still exists, and how he signs in; store.Store is it.
type Accounts interface {
	// Account answers store.ErrNotFound for one that was erased.
	Account(ctx context.Context, game, id string) (store.Account, error)
}

// Options make a Service.
type Options struct {
	Game      string
	Lobbies   Lobbies
	State     state.Store
	Records   Records
	Accounts  Accounts
	Allocator Allocator
	// Providers are the names of the allocator's entries.
	Providers []string
	Hooks     Hooks   // nil: the built-in rules alone
	Events    Events  // nil: nobody listens
	Regions   Regions // nil: nobody has measured any
	Signer    *Signer
	// MatchTimeout is how long a match may last.
	MatchTimeout time.Duration
	// ResultURL is where servers report when their provider offers no nearer
	// address: the public address of POST /matches/{matchId}/result of a match.
	ResultURL func(matchID string) string
	Logger    *zap.Logger
	// Reached, when not nil, is called at every point but PointCommitted and
	// PointUntold, which are between a lobby's save and its word. The match goes on
	// when it returns.
	Reached func(matchID string, p Point)
}

// Service runs the matches of one game. Its methods are safe for concurrent use;
// their errors are *fault.Error.
type Service struct {
	game      string
	lobbies   Lobbies
	state     state.Store
	records   Records
	accounts  Accounts
	alloc     Allocator
	providers []string
	hooks     Hooks
	events    Events
	regions   Regions
	signer    *Signer
	timeout   time.Duration
	resultURL func(string) string
	log       *zap.Logger
	reached   func(string, Point)

	ctx    context.Context // ends when Close has waited long enough
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	starts map[string]*start // by match id
	turns  map[string]*turn  // by match id: its end that is being worked on
	owed   map[string]*debt  // by match id: ends that could not be recorded or told yet
	// draining refuses new starts, closed new goroutines of any kind.
	draining, closed bool

	orphans struct{ recorded, swept atomic.Int64 }
}

var _ allocation.Observer = (*Service)(nil)

// New returns a service; Recover must run before the first start, and Close at the end.
func New(o Options) *Service {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Service{
		game: o.Game, lobbies: o.Lobbies, state: o.State, records: o.Records, accounts: o.Accounts, alloc: o.Allocator,
		providers: o.Providers, hooks: o.Hooks, regions: o.Regions, events: o.Events, signer: o.Signer, timeout: o.MatchTimeout,
		resultURL: o.ResultURL, log: o.Logger, reached: o.Reached, ctx: ctx, cancel: cancel, starts: map[string]*start{},
		turns: map[string]*turn{}, owed: map[string]*debt{},
	}
	if s.hooks == nil {
		s.hooks = noHooks{}
	}
	if s.log == nil {
		s.log = zap.NewNop()
	}
	return s
}

// Close refuses new starts and waits for those under way and for releases. When
// ctx ends first they are cancelled: their lobbies open again.
func (s *Service) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	return lifecycle.End(ctx, s.wg.Wait, s.cancel)
}

// Ticket signs a player's join ticket for a match.
func (s *Service) Ticket(m *lobby.Match, accountID string) string {
	return s.signer.Ticket(m, accountID)
}

// spawn runs f as a goroutine that Close waits for.
func (s *Service) spawn(f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		f()
	}()
	return true
}

// AwaitStarts refuses new starts and waits until none is under way and the ends
// that were being worked on are told, or ctx ends.
func (s *Service) AwaitStarts(ctx context.Context) error {
	s.mu.Lock()
	s.draining = true
	waiting := make([]<-chan struct{}, 0, len(s.starts)+len(s.turns))
	for _, st := range s.starts {
		waiting = append(waiting, st.done)
	}
	for _, t := range s.turns {
		waiting = append(waiting, t.done)
	}
	s.mu.Unlock()
	for _, done := range waiting {
		select {
		case <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
