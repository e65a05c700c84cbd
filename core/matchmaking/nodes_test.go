package matchmaking

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/core/fault"
)

// TestRestart ends a node while the platform takes no deletions. The next run deletes
// the ticket that was left, and its player's next search waits for that.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 2)
		s := f.node()
		ann := newSeat(t, "ann")
		ann.find(t, s)
		synctest.Wait()
		f.platform.FailTickets(gameflowtest.DeleteTicket, status{Status: 503}, status{Status: 503})
		f.must(s.Close(t.Context()))
		ann.heard(t, "searching ticket-1")
		if err := s.Find(t.Context(), "ann", "", ann); !errors.Is(err, fault.Draining) {
			t.Error(err)
		}
		if open := f.platform.OpenTickets(); len(open) != 1 || f.searches() != 1 {
			t.Fatalf("open %+v", open)
		}
		s = f.node()
		again := newSeat(t, "ann")
		again.find(t, s)
		time.Sleep(2 * time.Second)
		again.heardAfter(t, time.Second, "searching ticket-2")
		s.Cancel("ann")
		synctest.Wait()
		f.tidy(s)
	})
}

// TestMatchedWhileDown: the platform matches a ticket that a node has left. Its player
// is told when he comes to the next one.
func TestMatchedWhileDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 2)
		s := f.node()
		newSeat(t, "ann").find(t, s)
		synctest.Wait()
		f.platform.FailTickets(gameflowtest.DeleteTicket, status{Status: 503})
		f.must(s.Close(t.Context()))
		f.platform.AssignTicket("ticket-1", "203.0.113.8:8000")
		s = f.node()
		synctest.Wait()
		m, found := s.Missed(t.Context(), "ann")
		if !found || m.Server.Address != "203.0.113.8" || m.Server.Port != 8000 {
			t.Errorf("%+v %v", m, found)
		}
		s = f.node() // one more restart does not lose it
		synctest.Wait()
		if again, _ := s.Missed(t.Context(), "ann"); again.ID != m.ID {
			t.Errorf("%+v", again)
		}
		ann := newSeat(t, "ann")
		ann.find(t, s)
		synctest.Wait()
		ann.heard(t, "searching ticket-2")
		if _, found := s.Missed(t.Context(), "ann"); found {
			t.Error("she searches, and is in a match")
		}
	})
}

// TestCloseIsBounded has a platform that does not answer at all.
func TestCloseIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 2)
		s := f.node()
		newSeat(t, "ann").find(t, s)
		synctest.Wait()
		f.platform.FailTickets(gameflowtest.DeleteTicket, status{Delay: time.Hour, Status: 500})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		begun := time.Now()
		if err := s.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 3*time.Second {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
		if f.searches() != 1 {
			t.Error("the ticket is forgotten")
		}
	})
}

// TestTwoNodes have one store: an account searches on one of them.
func TestTwoNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 2)
		first, second := f.node(), f.node()
		ann, twice, bob := newSeat(t, "ann"), newSeat(t, "ann"), newSeat(t, "bob")
		ann.find(t, first)
		synctest.Wait()
		twice.find(t, second)
		synctest.Wait()
		twice.heard(t, "Already searching for a match")
		if f.must(second.forget("ann", second.node)); f.searches() != 1 {
			t.Error("a node forgets the search of another")
		}
		bob.find(t, second)
		synctest.Wait()
		ann.heard(t, "searching ticket-1", "found")
		if ann.match != bob.match && !ann.match.StartedAt.Equal(bob.match.StartedAt) || ann.match.ID != bob.match.ID {
			t.Errorf("ann %+v, bob %+v", ann.match, bob.match)
		}
		f.tidy(first, second)
	})
}

// TestDeadNode leaves a search behind that another node deletes when it is overdue.
// What was found is forgotten as well.
func TestDeadNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 2)
		dead := f.node()
		newSeat(t, "ann").find(t, dead)
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		f.platform.FailTickets(gameflowtest.DeleteTicket, status{Status: 503})
		_ = dead.Close(ctx)

		alive := New(Options{Game: "arena", Queues: []Queue{{"ranked", "duel", time.Minute}}, Tickets: f.tickets, State: f.store})
		run, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); _ = alive.Run(run) }()
		if _, err := alive.matchOf(serverAt("203.0.113.5", 99)); err != nil {
			t.Error(err)
		}
		f.must(alive.assign("bob", Match{ID: "m-1"}))
		time.Sleep(5 * time.Minute)
		if f.documents(KindSearch) != 1 {
			t.Error("a match is kept that nobody is told of any more")
		}
		if f.searches() != 1 || f.documents(KindFound) != 0 {
			t.Errorf("%d searches, %d matches", f.documents(KindSearch), f.documents(KindFound))
		}
		time.Sleep(5 * time.Minute)
		f.tidy(alive)
		stop()
		<-ended
		f.must(alive.Close(t.Context()))
	})
}

// TestOverdueSearch is taken over by the account's next one, wherever that is.
func TestOverdueSearch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 2)
		dead := f.node()
		newSeat(t, "ann").find(t, dead)
		synctest.Wait()
		f.platform.FailTickets(gameflowtest.DeleteTicket, repeat(status{Status: 503}, 2)...)
		f.must(dead.Close(t.Context()))

		alive := New(Options{Game: "arena", Queues: []Queue{{"ranked", "duel", time.Minute}}, Tickets: f.tickets, State: f.store})
		early, late := newSeat(t, "ann"), newSeat(t, "ann")
		early.find(t, alive)
		synctest.Wait()
		early.heard(t, "Already searching for a match") // it is not known to be dead yet
		time.Sleep(10 * time.Minute)
		late.find(t, alive)
		time.Sleep(2 * time.Second)
		late.heardAfter(t, time.Second, "searching ticket-2")
		if open := f.platform.OpenTickets(); len(open) != 1 || open[0].ID != "ticket-2" {
			t.Errorf("open %+v", open)
		}
		f.must(alive.Close(t.Context()))
		f.tidy(alive)
	})
}

// TestServersOfLaterMatches: an address that comes again after a while is another match.
func TestServersOfLaterMatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFixture(t, 2).node()
		match := func() string {
			m, err := s.matchOf(serverAt("203.0.113.5", 99))
			if err != nil {
				t.Fatal(err)
			}
			return m.ID
		}
		first := match()
		time.Sleep(time.Minute)
		if match() != first {
			t.Error("two matches at a time on one server")
		}
		time.Sleep(time.Minute)
		if match() == first {
			t.Error("the match of an earlier server")
		}
	})
}
