package matchmaking

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/state/memory"
)

// chair is a seat that says when its search is over.
type chair struct {
	*seat
	over chan *chair
}

func (c *chair) Found(m Match)         { c.seat.Found(m); c.over <- c }
func (c *chair) Failed(f *fault.Error) { c.seat.Failed(f); c.over <- c }

// TestOverTheNetwork matches a hundred players over real connections, of which some
// break and some are answered that the platform is busy.
func TestOverTheNetwork(t *testing.T) {
	const players, size = 100, 4
	platform := gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: "key"})
	defer platform.Close()
	platform.PublishMatchmaker("duel", size)
	tickets, err := gameflow.NewTickets(gameflow.TicketsOptions{URL: platform.URL, GameID: "g1", APIKey: "key", Region: "us-east"})
	if err != nil {
		t.Fatal(err)
	}
	defer tickets.Close()
	docs, err := memory.Open(context.Background(), memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer docs.Close()
	platform.FailTickets(gameflowtest.CreateTicket, append(repeat(status{Cut: true}, 10), repeat(status{Status: 503}, 10)...)...)
	platform.FailTickets(gameflowtest.TicketStatus, append(repeat(status{Cut: true}, 10), repeat(status{Status: 429}, 10)...)...)

	s := New(Options{Game: "arena", Queues: []Queue{{"ranked", "duel", time.Minute}}, Tickets: tickets, State: docs})
	over := make(chan *chair, players)
	for i := range players {
		c := &chair{newSeat(t, fmt.Sprint("p", i)), over}
		if err := s.Find(c.life, c.account, "", c); err != nil {
			t.Fatal(err)
		}
	}
	matches := map[string]int{}
	late := time.After(time.Minute)
	for range players {
		select {
		case c := <-over:
			if matches[c.match.ID]++; c.match.ID == "" {
				t.Errorf("%s was told %q", c.account, c.told)
			}
		case <-late:
			t.Fatalf("%d still search", s.Searching())
		}
	}
	for id, n := range matches {
		if n != size {
			t.Errorf("%d players in match %s", n, id)
		}
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if open, doubles := platform.OpenTickets(), platform.DoubleTickets(); len(open) != 0 || doubles != 0 {
		t.Errorf("tickets %+v, %d times two", open, doubles)
	}
}
