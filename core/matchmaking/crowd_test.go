package matchmaking

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

// TestCrowd has players search, cancel and leave at random. Everybody has one ticket
// at most, every search one last word, and nothing is left.
func TestCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 4)
		s := f.node()
		var all []*seat
		r := rand.New(rand.NewPCG(1, 2))
		for range 3000 {
			account := "p" + strconv.Itoa(r.IntN(40))
			switch n := r.IntN(10); {
			case n < 6:
				p := newSeat(t, account)
				if err := s.Find(p.life, account, "", p); err == nil {
					all = append(all, p)
				} else if !errors.Is(err, ErrAlreadySearching) {
					t.Fatal(err)
				}
			case n < 8:
				s.Cancel(account)
			case len(all) > 0:
				all[r.IntN(len(all))].leave()
			}
			if r.IntN(20) == 0 {
				f.platform.FailTickets(gameflowtest.DeleteTicket, status{Status: 500})
				f.platform.FailTickets(gameflowtest.TicketStatus, status{Cut: true})
			}
			if r.IntN(3) == 0 {
				time.Sleep(time.Duration(r.IntN(300)) * time.Millisecond)
			}
		}
		time.Sleep(5 * time.Minute)
		f.tidy(s)
		found := 0
		servers := map[string]int{}
		for _, p := range all {
			words := 0
			for _, w := range p.told {
				switch w {
				case "found":
					found++
					servers[p.match.ID]++
					words++
				case "Matchmaking failed":
					words++
				}
			}
			if words > 1 {
				t.Errorf("%s was told %q", p.account, p.told)
			}
		}
		for id, n := range servers {
			if n > 4 {
				t.Errorf("%d players in match %s", n, id)
			}
		}
		ends := 0
		for _, n := range f.counted() {
			ends += n
		}
		if ends != len(all) || f.counted()["ranked found"] != found || found == 0 {
			t.Errorf("%d searches, ended %v; %d found", len(all), f.counted(), found)
		}
	})
}
