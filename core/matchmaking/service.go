// Package matchmaking lets players search for a match. A queue's matches are made by
// GameFlow: a search enters a ticket there and waits until a server is assigned to
// it, or until the player, his socket or the queue's limit ends it.
package matchmaking

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/lifecycle"
	"github.com/muster-gg/muster/core/state"
)

// Errors that players are told. But for the first they are told as
// `matchmaking:error`, whose readers know the text alone.
var (
	ErrAlreadySearching = fault.New("already_searching", "Already searching for a match")
	// ErrNotEntered: there is no such queue, or the platform took no ticket.
	ErrNotEntered = fault.New("matchmaking_refused", "Failed to enter matchmaking")
	// ErrNoMatch: none was found in time, or the platform ended the search.
	ErrNoMatch = fault.New("matchmaking_failed", "Matchmaking failed")
	// ErrUnavailable: the platform does not answer, or too many search already.
	ErrUnavailable = fault.New("matchmaking_unavailable", "Matchmaking unavailable")
)

const (
	// maxSearches bounds those who search in one game on one node: each holds a
	// connection to the platform.
	maxSearches = 10_000
	// maxCleaning bounds how many tickets are deleted at a time.
	maxCleaning = 32
)

// Tickets is the platform; *gameflow.Tickets is it.
type Tickets interface {
	Create(ctx context.Context, k gameflow.Ticket) (id string, err error)
	Await(ctx context.Context, id string, wait time.Duration) (s allocation.Server, found bool, err error)
	Delete(ctx context.Context, id, playerID string) (gone bool, err error)
}

// Listener is told how one search goes; a player's socket is it. Calls come one at a
// time, none after the search is over, and must not wait.
type Listener interface {
	// Searching: the ticket is entered and saved.
	Searching(ticketID string)
	// Found ends the search.
	Found(m Match)
	// Failed ends the search.
	Failed(f *fault.Error)
}

// Match is what was found: all players of its server are told the same.
type Match struct {
	ID        string            `json:"id"`
	Server    allocation.Server `json:"server"`
	StartedAt time.Time         `json:"started"`
}

// Queue is where players search.
type Queue struct {
	Name string
	// Mode is the game mode whose matchmaker the platform asks.
	Mode string
	// Limit is how long a search lasts at most.
	Limit time.Duration
}

// Regions says where a player would like to play; nil in Options: nobody knows.
type Regions interface {
	// Best is empty when nothing is known.
	Best(ctx context.Context, accounts ...string) string
}

// Metrics counts searches.
type Metrics interface {
	// SearchEnded: outcome is found, cancelled, failed or timeout.
	SearchEnded(queue, outcome string, took time.Duration)
}

// Options make a Service.
type Options struct {
	Game string
	// Queues are at least one; the first is that of who names none.
	Queues  []Queue
	Tickets Tickets
	State   state.Store
	Regions Regions     // may be nil
	Metrics Metrics     // may be nil
	Logger  *zap.Logger // may be nil
}

// Service runs the searches of one game. Its methods are safe for concurrent use.
type Service struct {
	game    string
	queues  map[string]Queue // "" is the first
	tickets Tickets
	state   state.Store
	regions Regions
	metrics Metrics
	log     *zap.Logger
	node    string // marks the documents of this run

	ctx     context.Context // ends when Close has waited long enough
	cancel  context.CancelFunc
	closing context.Context // ends when Close begins: nothing is tried again
	hurry   context.CancelFunc
	wg      sync.WaitGroup
	// cleaning holds a value for each ticket that is being deleted.
	cleaning chan struct{}

	mu      sync.Mutex
	seekers map[string]*seeker // by account
	// draining refuses new searches, closed new goroutines of any kind.
	draining, closed bool
}

// New returns a service; Recover must run before the first search, and Close at the end.
func New(o Options) *Service {
	ctx, cancel := context.WithCancel(context.Background())
	closing, hurry := context.WithCancel(ctx)
	s := &Service{
		game: o.Game, queues: map[string]Queue{}, tickets: o.Tickets, state: o.State, regions: o.Regions, metrics: o.Metrics,
		log: o.Logger, node: uuid.NewString(), ctx: ctx, cancel: cancel, closing: closing, hurry: hurry,
		cleaning: make(chan struct{}, maxCleaning), seekers: map[string]*seeker{},
	}
	for i, q := range o.Queues {
		if i == 0 {
			s.queues[""] = q
		}
		s.queues[q.Name] = q
	}
	if s.metrics == nil {
		s.metrics = noMetrics{}
	}
	if s.log == nil {
		s.log = zap.NewNop()
	}
	return s
}

type noMetrics struct{}

func (noMetrics) SearchEnded(string, string, time.Duration) {}

// Drain refuses new searches. Those that go on end with their sockets.
func (s *Service) Drain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = true
}

// Close ends all searches without a word and waits until their tickets are deleted.
// What the platform does not take at once, or ctx leaves no time for, is left for the
// next run.
func (s *Service) Close(ctx context.Context) error {
	s.mu.Lock()
	s.draining, s.closed = true, true
	var searches []*search
	for _, k := range s.seekers {
		if k.search != nil {
			searches = append(searches, k.search)
		}
	}
	s.mu.Unlock()
	s.hurry()
	for _, q := range searches {
		q.end(nil)
	}
	return lifecycle.End(ctx, s.wg.Wait, s.cancel)
}

// Searching is how many accounts search now, or have a ticket that is being deleted.
func (s *Service) Searching() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seekers)
}
