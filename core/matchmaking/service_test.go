package matchmaking

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/core/fault"
)

type status = gameflowtest.TicketFault

// repeat is a fault so many times.
func repeat(f gameflowtest.TicketFault, n int) (list []gameflowtest.TicketFault) {
	for range n {
		list = append(list, f)
	}
	return list
}

func TestPlayersAreMatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 2)
		s := f.node()
		ann, bob := newSeat(t, "ann"), newSeat(t, "bob")
		ann.find(t, s)
		time.Sleep(50 * time.Second)
		ann.heardAfter(t, 0, "searching ticket-1")
		bob.find(t, s)
		synctest.Wait()
		ann.heardAfter(t, 50*time.Second, "searching ticket-1", "found")
		bob.heard(t, "searching ticket-2", "found")
		if m := ann.match; m != bob.match || m.ID == "" || m.Server.Address == "" || m.Server.Port == 0 || m.StartedAt.IsZero() {
			t.Errorf("ann %+v, bob %+v", ann.match, bob.match)
		}
		f.tidy(s)
		if n := f.platform.TicketCalls(gameflowtest.DeleteTicket); n != 0 {
			t.Errorf("%d tickets that were used up are deleted", n)
		}
		if f.counted()["ranked found"] != 2 {
			t.Errorf("counted %v", f.counted())
		}
	})
}

func TestFindRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 2)
		s := f.node()
		ann := newSeat(t, "ann")
		ann.find(t, s)
		synctest.Wait()
		if err := s.Find(t.Context(), "ann", "ranked", newSeat(t, "ann")); !errors.Is(err, ErrAlreadySearching) {
			t.Error(err)
		}
		if err := s.Find(t.Context(), "bob", "blitz", newSeat(t, "bob")); !errors.Is(err, ErrNotEntered) {
			t.Error(err)
		}
		bob := newSeat(t, "bob")
		f.must(s.Find(bob.life, "bob", "nowhere", bob))
		synctest.Wait()
		bob.heardAfter(t, 0, "Failed to enter matchmaking")
		s.mu.Lock()
		for i := range maxSearches {
			s.seekers[strconv.Itoa(i)] = &seeker{}
		}
		s.mu.Unlock()
		if err := s.Find(t.Context(), "bob", "", bob); !errors.Is(err, ErrUnavailable) {
			t.Error(err)
		}
		s.mu.Lock()
		for i := range maxSearches {
			delete(s.seekers, strconv.Itoa(i))
		}
		s.mu.Unlock()
		s.Drain()
		if err := s.Find(t.Context(), "bob", "", bob); !errors.Is(err, fault.Draining) {
			t.Error(err)
		}
		if ann.heard(t, "searching ticket-1"); s.Cancel("ann") != Listener(ann) || s.Cancel("ann") != nil || s.Cancel("eve") != nil {
			t.Error("a search cannot be cancelled once")
		}
		synctest.Wait()
		ann.heard(t, "searching ticket-1")
		f.tidy(s)
	})
}

// TestSearchAgain cancels while the platform takes no deletions: the next search
// waits until the ticket of the last is gone.
func TestSearchAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 2)
		s := f.node()
		ann := newSeat(t, "ann")
		ann.find(t, s)
		synctest.Wait()
		f.platform.FailTickets(gameflowtest.DeleteTicket, repeat(status{Status: 503}, 3)...)
		s.Cancel("ann")
		for range 3 { // those between never get a ticket
			again := newSeat(t, "ann")
			again.find(t, s)
			s.Cancel("ann")
			again.heard(t)
		}
		last := newSeat(t, "ann")
		last.find(t, s)
		time.Sleep(8 * time.Second)
		last.heardAfter(t, 7*time.Second, "searching ticket-2")
		newSeat(t, "bob").find(t, s)
		synctest.Wait()
		last.heard(t, "searching ticket-2", "found")
		ann.heard(t, "searching ticket-1")
		f.tidy(s)
	})
}

// TestSocketsThatGo end their search without a word, also while its ticket is entered.
func TestSocketsThatGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 2)
		s := f.node()
		ann := newSeat(t, "ann")
		ann.find(t, s)
		time.Sleep(time.Second)
		ann.leave()
		synctest.Wait()
		ann.heard(t, "searching ticket-1")
		f.tidy(s)

		f.platform.FailTickets(gameflowtest.CreateTicket, status{Delay: 10 * time.Second})
		bob := newSeat(t, "bob")
		bob.find(t, s)
		time.Sleep(time.Second)
		bob.leave()
		time.Sleep(10 * time.Second)
		bob.heard(t)
		f.tidy(s)

		gone := newSeat(t, "cid")
		gone.leave()
		if err := s.Find(gone.life, "cid", "", gone); err == nil {
			t.Error("a socket that is gone searches")
		}
		f.tidy(s)
		if f.counted()["ranked cancelled"] != 2 {
			t.Errorf("counted %v", f.counted())
		}
	})
}

// TestMissedMatch: whoever drops as his match is found is told when he is back.
func TestMissedMatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 2)
		s := f.node()
		ann, bob, cid := newSeat(t, "ann"), newSeat(t, "bob"), newSeat(t, "cid")
		missed := func(p *seat) string {
			m, _ := s.Missed(t.Context(), p.account)
			return m.ID
		}
		ann.find(t, s)
		synctest.Wait()
		if missed(ann) != "" {
			t.Error("a search is taken for a match")
		}
		f.platform.FailTickets(gameflowtest.TicketStatus, status{Status: 503})
		time.Sleep(20*time.Second + 500*time.Millisecond) // ann's next question fails, and she waits for another
		bob.find(t, s)
		synctest.Wait()
		ann.leave()
		synctest.Wait()
		ann.heard(t, "searching ticket-1")
		if bob.match.ID == "" || missed(ann) != bob.match.ID || missed(bob) != bob.match.ID {
			t.Errorf("ann missed %q, bob %q of %+v", missed(ann), missed(bob), bob.match)
		}
		// Who cancels does not want it.
		f.platform.FailTickets(gameflowtest.TicketStatus, status{Delay: 5 * time.Second}, status{Delay: 5 * time.Second})
		cid.find(t, s)
		synctest.Wait()
		again := newSeat(t, "bob")
		again.find(t, s)
		synctest.Wait()
		s.Cancel("cid")
		synctest.Wait()
		if missed(cid) != "" || f.searches() != 1 {
			t.Errorf("cid missed %q", missed(cid))
		}
		time.Sleep(2*time.Minute - 20*time.Second)
		if missed(ann) == "" {
			t.Error("ann's match is forgotten early")
		}
		time.Sleep(20 * time.Second)
		if missed(ann) != "" {
			t.Error("ann's match is still told")
		}
		f.tidy(s)
	})
}

// late are tickets of a player who cancels as his match is found.
type late struct {
	Tickets
	cancel func()
}

func (l *late) Await(ctx context.Context, id string, wait time.Duration) (allocation.Server, bool, error) {
	s, found, err := l.Tickets.Await(context.WithoutCancel(ctx), id, wait)
	if found {
		l.cancel()
	}
	return s, found, err
}

func TestCancelledAsTheMatchIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 1)
		s := f.node()
		s.tickets = &late{f.tickets, func() { s.Cancel("ann") }}
		ann := newSeat(t, "ann")
		ann.find(t, s)
		synctest.Wait()
		ann.heard(t, "searching ticket-1")
		if _, found := s.Missed(t.Context(), "ann"); found || f.documents(KindSearch) != 0 {
			t.Error("a match that was not wanted is kept")
		}
		f.tidy(s)
	})
}

func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 2)
		s := f.node()
		ann := newSeat(t, "ann")
		ann.find(t, s)
		time.Sleep(100 * time.Second)
		ann.heardAfter(t, 90*time.Second, "searching ticket-1", "Matchmaking failed")
		f.tidy(s)
		if f.counted()["ranked timeout"] != 1 {
			t.Errorf("counted %v", f.counted())
		}

		// A platform that cannot delete just then is asked again; the player is told at once.
		ann = newSeat(t, "ann")
		f.platform.FailTickets(gameflowtest.DeleteTicket, status{Status: 503})
		ann.find(t, s)
		time.Sleep(100 * time.Second)
		ann.heardAfter(t, 90*time.Second, "searching ticket-2", "Matchmaking failed")
		f.tidy(s)

		// Matched in the very moment, which the platform does not tell in time.
		ann = newSeat(t, "ann")
		ann.find(t, s)
		time.Sleep(time.Second)
		f.platform.FailTickets(gameflowtest.TicketStatus, repeat(status{Delay: time.Hour}, 2)...)
		time.Sleep(88 * time.Second)
		f.platform.AssignTicket("ticket-3", "[2001:db8::7]:7000")
		time.Sleep(10 * time.Second)
		ann.heardAfter(t, 90*time.Second, "searching ticket-3", "found")
		if ann.match.Server.Address != "2001:db8::7" || ann.match.Server.Port != 7000 {
			t.Errorf("%+v", ann.match)
		}
		f.tidy(s)
	})
}

// TestRetries says how often and for how long each call is tried again.
func TestRetries(t *testing.T) {
	const all = 1 + retries
	for name, c := range map[string]struct {
		call   gameflowtest.TicketCall
		fault  gameflowtest.TicketFault
		times  int
		after  time.Duration
		words  []string
		ticket bool // that one is left at the platform, which nobody knows of
	}{
		"create works in the end":  {gameflowtest.CreateTicket, status{Status: 503}, all - 1, 25 * time.Second, []string{"searching ticket-1"}, true},
		"create fails":             {gameflowtest.CreateTicket, status{Status: 500}, all, 25 * time.Second, []string{"Failed to enter matchmaking"}, false},
		"create is refused":        {gameflowtest.CreateTicket, status{Status: 400}, 1, 0, []string{"Failed to enter matchmaking"}, false},
		"create cannot be reached": {gameflowtest.CreateTicket, status{Cut: true}, all, 25 * time.Second, []string{"Failed to enter matchmaking"}, false},
		"status works in the end":  {gameflowtest.TicketStatus, status{Status: 429}, all - 1, 0, []string{"searching ticket-1"}, true},
		"status fails":             {gameflowtest.TicketStatus, status{Status: 502}, all, 25 * time.Second, []string{"searching ticket-1", "Matchmaking unavailable"}, false},
		"status is refused":        {gameflowtest.TicketStatus, status{Status: 404}, 1, 0, []string{"searching ticket-1", "Matchmaking failed"}, false},
		"status makes no sense":    {gameflowtest.TicketStatus, status{Body: []byte(`{"connection":"x"}`)}, 1, 0, []string{"searching ticket-1", "Matchmaking failed"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t, 2)
				s := f.node()
				f.platform.FailTickets(c.call, repeat(c.fault, c.times)...)
				ann := newSeat(t, "ann")
				ann.find(t, s)
				time.Sleep(40 * time.Second)
				ann.heardAfter(t, c.after, c.words...)
				if open := f.platform.OpenTickets(); (len(open) > 0) != c.ticket {
					t.Errorf("open %+v", open)
				}
				s.Cancel("ann")
				synctest.Wait()
				f.tidy(s)
			})
		})
	}
}

// TestAPlatformThatDoesNotWait answers every question at once.
func TestAPlatformThatDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 2)
		s := f.node()
		f.platform.FailTickets(gameflowtest.TicketStatus, repeat(status{Body: []byte(`{"status":"pending"}`)}, 1000)...)
		newSeat(t, "ann").find(t, s)
		time.Sleep(60 * time.Second)
		if n := f.platform.TicketCalls(gameflowtest.TicketStatus); n < 50 || n > 62 {
			t.Errorf("%d questions in a minute", n)
		}
	})
}
