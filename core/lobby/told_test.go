package lobby

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/broadcast"
	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/state"
)

// ends are the ways in which a start or a match of two ends, with what they are
// told if they were not there.
var ends = []struct {
	name, code string
	begins     bool // the match has begun
	end        func(f fixture, lobbyID string) error
}{
	{"a failed start", "allocation_failed", false, func(f fixture, id string) error {
		return errOf(f.FailStart(id, "m1", fault.New("allocation_failed", "Failed to allocate game server")))
	}},
	{"a cancelled start", "start_cancelled", false, func(f fixture, _ string) error {
		return errOf(f.CancelStart(context.Background(), who("ann")))
	}},
	{"a failed match", "server_lost", true, func(f fixture, id string) error {
		return f.EndMatch(id, "m1", nil, fault.New("server_lost", "The game server was lost"))
	}},
	{"a match", "", true, func(f fixture, id string) error { return f.EndMatch(id, "m1", json.RawMessage(`{}`), nil) }},
}

// underWay is a lobby of two in a start or in its match.
func underWay(t *testing.T, rules Rules, begun bool) (fixture, string) {
	t.Helper()
	f := newFixture(t, rules)
	ctx := t.Context()
	s := f.mustCreate(t, "ann")
	must(t, errOf(f.Join(ctx, who("bob"), JoinRequest{Code: s.Lobby.Code}, nil)))
	must(t, errOf(f.Ready(ctx, who("ann"), true)))
	must(t, errOf(f.Ready(ctx, who("bob"), true)))
	must(t, errOf(f.BeginStart(ctx, who("ann"), "m1", "", time.Now().Add(time.Hour))))
	if begun {
		must(t, errOf(f.CommitStart(s.Lobby.ID, Match{ID: "m1"}, func(Match) []state.Write { return nil })))
	}
	return f, s.Lobby.ID
}

// back holds what a player is told when he comes back to a service: once.
func back(t *testing.T, s *Service, name, code string, want int) {
	t.Helper()
	for _, want := range []int{want, 0} {
		ret, err := s.Connect(t.Context(), who(name), func(Return) {})
		must(t, err)
		if len(ret.Notices) != want || want > 0 && (ret.Notices[0].MatchID != "m1" || ret.Notices[0].Code != code) {
			t.Errorf("%s is told %+v, want %d", name, ret.Notices, want)
		}
	}
}

func TestWhoWasToldIsNotToldAgain(t *testing.T) {
	for _, e := range ends {
		for _, reopen := range []bool{true, false} {
			t.Run(e.name, func(t *testing.T) {
				rules := *fourByFour()
				rules.Reopen = reopen
				f, id := underWay(t, rules, e.begins)
				must(t, f.Disconnect(t.Context(), who("bob")))
				must(t, e.end(f, id))
				back(t, f.Service, "ann", e.code, 0)
				back(t, f.Service, "bob", e.code, 1)
				f.consistent(t)
			})
		}
	}
}

// TestTheWordIsNotLost: a process that ends between an end's save and its word, or
// cannot tell it, leaves it for everybody's return.
func TestTheWordIsNotLost(t *testing.T) {
	for _, e := range ends {
		for _, reopen := range []bool{true, false} {
			t.Run(e.name, func(t *testing.T) {
				rules := *fourByFour()
				rules.Reopen = reopen
				f, id := underWay(t, rules, e.begins)
				f.hub = mute{}
				must(t, e.end(f, id))
				again := New(Options{Game: "g", Rules: rules, Store: f.store, Hub: f.told})
				defer again.Close(t.Context())
				if _, err := again.Recover(t.Context()); err != nil {
					t.Fatal(err)
				}
				for _, name := range []string{"ann", "bob"} {
					back(t, again, name, e.code, 1)
				}
			})
		}
	}
}

type mute struct{}

func (mute) Publish(context.Context, broadcast.Message) error { return errors.New("nobody is told") }

// TestWhoseSocketClosesIsToldWhenBack: he counts as there until that is saved, and
// hears nothing any more.
func TestWhoseSocketClosesIsToldWhenBack(t *testing.T) {
	for _, e := range ends {
		t.Run(e.name, func(t *testing.T) {
			f, id := underWay(t, *fourByFour(), e.begins)
			f.reaches = func(account string) bool { return account == "ann" }
			must(t, e.end(f, id))
			must(t, f.Disconnect(t.Context(), who("bob")))
			back(t, f.Service, "ann", e.code, 0)
			back(t, f.Service, "bob", e.code, 1)
		})
	}
}

// TestInterruptedWithoutGrace: who has no grace has lost the seat after a restart,
// and is told of the start all the same.
func TestInterruptedWithoutGrace(t *testing.T) {
	rules := *fourByFour()
	rules.ReconnectGrace = 0
	f, _ := underWay(t, rules, false)
	again := New(Options{Game: "g", Rules: rules, Store: f.store, Hub: f.told})
	defer again.Close(t.Context())
	if _, err := again.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ann", "bob"} {
		back(t, again, name, "allocation_unknown", 1)
	}
	if n := (fixture{again, f.store, f.told}).consistent(t); n != 0 {
		t.Errorf("%d lobbies are left", n)
	}
}
