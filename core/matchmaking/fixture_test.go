package matchmaking

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/state/memory"
)

// fixture is a platform and a store, over which nodes run. It lives in a bubble of
// false time.
type fixture struct {
	t        *testing.T
	platform *gameflowtest.Platform
	store    *memory.Store
	tickets  *gameflow.Tickets
	regions  Regions
	mu       sync.Mutex
	ends     map[string]int
}

func newFixture(t *testing.T, players int) *fixture {
	t.Helper()
	f := &fixture{t: t, platform: gameflowtest.New(gameflowtest.Options{GameID: "g1", APIKey: "key"}), ends: map[string]int{}}
	f.platform.PublishMatchmaker("duel", players)
	var err error
	f.tickets, err = gameflow.NewTickets(gameflow.TicketsOptions{
		URL: "http://platform/v1", GameID: "g1", APIKey: "key", Region: "us-east", Transport: gameflowtest.Direct{Handler: f.platform},
	})
	f.must(err)
	f.store, err = memory.Open(context.Background(), memory.Options{})
	f.must(err)
	t.Cleanup(func() { f.must(f.store.Close()) })
	return f
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// SearchEnded implements Metrics.
func (f *fixture) SearchEnded(queue, outcome string, _ time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ends[queue+" "+outcome]++
}

// counted is how many searches ended, by queue and outcome.
func (f *fixture) counted() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.ends)
}

// node is one more process over the fixture's store.
func (f *fixture) node() *Service {
	s := New(Options{
		Game: "arena", Queues: []Queue{{"ranked", "duel", 90 * time.Second}, {"nowhere", "unknown", time.Minute}},
		Tickets: f.tickets, State: f.store, Regions: f.regions, Metrics: f,
	})
	f.t.Cleanup(func() { _ = s.Close(context.Background()) })
	f.must(s.Recover(context.Background()))
	return s
}

// tidy checks that nothing is left of any search.
func (f *fixture) tidy(nodes ...*Service) {
	f.t.Helper()
	for _, s := range nodes {
		if n := s.Searching(); n != 0 {
			f.t.Errorf("%d still search", n)
		}
	}
	if open := f.platform.OpenTickets(); len(open) > 0 {
		f.t.Errorf("tickets are left: %+v", open)
	}
	if n := f.searches(); n != 0 {
		f.t.Errorf("%d documents are left", n)
	}
	if n := f.platform.DoubleTickets(); n != 0 {
		f.t.Errorf("%d times a player had two tickets", n)
	}
	if problems := f.platform.Problems(); len(problems) > 0 {
		f.t.Errorf("the platform complains: %q", problems)
	}
}

// searches is how many documents stand for a search that goes on.
func (f *fixture) searches() (n int) {
	f.must(f.store.List(context.Background(), "arena", KindSearch, func(d state.Doc) bool {
		if old, err := decode[Search](d); err != nil || old.Match == nil {
			n++
		}
		return true
	}))
	return n
}

func (f *fixture) documents(kind string) (n int) {
	f.must(f.store.List(context.Background(), "arena", kind, func(state.Doc) bool { n++; return true }))
	return n
}

// seat is a player's socket: it notes what it is told and when.
type seat struct {
	account string
	life    context.Context
	leave   context.CancelFunc
	begun   time.Time

	mu    sync.Mutex
	told  []string
	match Match
	at    time.Duration // of the last word
}

func newSeat(t *testing.T, account string) *seat {
	life, leave := context.WithCancel(context.Background())
	t.Cleanup(leave)
	return &seat{account: account, life: life, leave: leave, begun: time.Now()}
}

func (p *seat) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, fmt.Sprintf(format, args...))
	p.at = time.Since(p.begun)
}

func (p *seat) Searching(ticketID string) { p.note("searching %s", ticketID) }
func (p *seat) Failed(f *fault.Error)     { p.note("%s", f.Text) }
func (p *seat) Found(m Match) {
	p.note("found")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.match = m
}

// find searches in the first queue.
func (p *seat) find(t *testing.T, s *Service) {
	t.Helper()
	p.begun = time.Now()
	if err := s.Find(p.life, p.account, "", p); err != nil {
		t.Fatal(err)
	}
}

// heard checks all that the player was told.
func (p *seat) heard(t *testing.T, want ...string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Equal(p.told, want) {
		t.Errorf("%s was told %q, want %q", p.account, p.told, want)
	}
}

// heardAfter also checks when the last word came.
func (p *seat) heardAfter(t *testing.T, d time.Duration, want ...string) {
	t.Helper()
	p.heard(t, want...)
	if p.at != d {
		t.Errorf("%s was told after %s, want %s", p.account, p.at, d)
	}
}

func serverAt(address string, port int) allocation.Server {
	return allocation.Server{Address: address, Port: port}
}
