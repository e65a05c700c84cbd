package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/sample-game/server/sim"
	"github.com/muster-gg/muster/sdk/gameserver"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func testMatchOf(t testing.TB, s settings, teams ...[]string) *match {
	t.Helper()
	p := &gameserver.Payload{MatchID: testMatch}
	for i, ids := range teams {
		team := gameserver.Team{Name: string(rune('A' + i))}
		for _, id := range ids {
			team.Players = append(team.Players, gameserver.Member{AccountID: id, Username: id, Bot: id[0] == 'B'})
		}
		p.Teams = append(p.Teams, team)
	}
	r, err := newRoster(p)
	if err != nil {
		t.Fatal(err)
	}
	return newMatch(s, r, 1, func(string, bool) {}, quiet)
}

func (m *match) steps(n int) {
	for range n {
		for _, c := range m.clients {
			for c != nil && len(c.queue) > 0 {
				<-c.queue
			}
		}
		m.step()
	}
}

// TestNobodyJoins: the match ends by its standing.
func TestNobodyJoins(t *testing.T) {
	m := testMatchOf(t, long(), []string{"ann"}, []string{"Bot"})
	m.steps(30*sim.TickRate - 1)
	if m.world.Phase != sim.PhaseWait {
		t.Fatalf("%s too early", m.world.Phase)
	}
	m.steps(2)
	if m.world.Phase != sim.PhaseOver {
		t.Fatalf("%s after the wait", m.world.Phase)
	}
}

// TestWaitsForTheRest: the countdown begins when all are there, or after a time.
func TestWaitsForTheRest(t *testing.T) {
	s := long()
	s.waits.rest = 8 * time.Second
	m := testMatchOf(t, s, []string{"ann"}, []string{"bob"})
	m.steps(10)
	m.join(newClient(nil), 0)
	m.steps(8*sim.TickRate - 1)
	if m.world.Phase != sim.PhaseWait {
		t.Fatalf("%s before the other came", m.world.Phase)
	}
	m.steps(2)
	if m.world.Phase != sim.PhaseCountdown {
		t.Fatalf("%s after the wait", m.world.Phase)
	}
	m = testMatchOf(t, s, []string{"ann"}, []string{"bob"})
	m.join(newClient(nil), 0)
	m.join(newClient(nil), 1)
	m.steps(1)
	if m.world.Phase != sim.PhaseCountdown {
		t.Fatalf("%s with all here", m.world.Phase)
	}
}

// TestEverybodyGone: a match without people ends after a time; one who comes back
// in it keeps it going.
func TestEverybodyGone(t *testing.T) {
	m := testMatchOf(t, long(), []string{"ann"}, []string{"Bot"})
	c := newClient(nil)
	m.join(c, 0)
	m.steps(40 * sim.TickRate)
	m.leave(c, 0)
	m.steps(29 * sim.TickRate)
	again := newClient(nil)
	m.join(again, 0)
	m.steps(5 * sim.TickRate)
	if m.world.Phase != sim.PhasePlay {
		t.Fatalf("%s though somebody came back", m.world.Phase)
	}
	m.leave(c, 0) // the old socket says nothing any more
	if m.here() != 1 {
		t.Fatal("an old socket's end took the new one's seat")
	}
	m.leave(again, 0)
	m.steps(30*sim.TickRate + 2)
	if m.world.Phase != sim.PhaseOver {
		t.Fatalf("%s with everybody gone", m.world.Phase)
	}
}

// TestSlowReader: who does not read is dropped, without waiting for him.
func TestSlowReader(t *testing.T) {
	m := testMatchOf(t, long(), []string{"ann"}, []string{"bob"})
	slow := newClient(nil)
	m.join(slow, 0)
	for range sendQueue + 1 {
		m.step()
	}
	select {
	case <-slow.quit:
	default:
		t.Fatal("still there")
	}
	var e reply
	if err := json.Unmarshal(slow.last, &e); err != nil || e.Code != codeSlow {
		t.Fatalf("last message %s", slow.last)
	}
}

// TestOldInput: an input that is older than the last is passed over.
func TestOldInput(t *testing.T) {
	m := testMatchOf(t, long(), []string{"ann"}, []string{"bob"})
	c, stranger := newClient(nil), newClient(nil)
	m.join(c, 0)
	m.input(c, 0, message{DX: 1, Seq: 5})
	m.input(c, 0, message{DX: -1, Seq: 4})
	m.input(stranger, 0, message{DX: -1, Seq: 9})
	if c.ack != 5 {
		t.Fatalf("ack %d", c.ack)
	}
}

// TestDriveCatchesUp: after a pause only a few steps are made at once.
func TestDriveCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := testMatchOf(t, long(), []string{"ann"}, []string{"bob"})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		steps := 0
		if err := m.drive(ctx, func() bool { steps++; return false }); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if steps < 299 || steps > 301 {
			t.Fatalf("%d steps in 10 s", steps)
		}
		close(m.over)
		if m.do(func() {}) {
			t.Fatal("a match that is over takes commands")
		}
	})
}

// listFake is a fleet's list that fails at first.
type listFake struct {
	failures int
	err      error
	calls    []string
}

func (l *listFake) PlayerConnected(_ context.Context, id string) error    { return l.call("+" + id) }
func (l *listFake) PlayerDisconnected(_ context.Context, id string) error { return l.call("-" + id) }

func (l *listFake) call(what string) error {
	if l.failures > 0 {
		l.failures--
		return l.err
	}
	l.calls = append(l.calls, what)
	return nil
}

func TestPresence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := &listFake{failures: 2, err: errors.New("try again")}
		p := newPresence(list, quiet)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { p.run(ctx); close(done) }()
		p.set("ann", true)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if !slices.Equal(list.calls, []string{"+ann"}) {
			t.Fatalf("calls %v", list.calls)
		}
		p.set("ann", false)
		synctest.Wait()
		p.set("bob", false) // was never told: nothing to say
		synctest.Wait()
		if !slices.Equal(list.calls, []string{"+ann", "-ann"}) {
			t.Fatalf("calls %v", list.calls)
		}
		cancel()
		<-done
	})
}

// TestPresenceUntracked: a fleet without a list is asked once.
func TestPresenceUntracked(t *testing.T) {
	p := newPresence(&listFake{failures: 1, err: gameserver.ErrTrackingDisabled}, quiet)
	p.set("ann", true)
	p.run(t.Context()) // it returns by itself
}

func BenchmarkShow(b *testing.B) {
	m := testMatchOf(b, long(), []string{"a", "b", "c", "d"}, []string{"e", "f", "g", "h"})
	for i := range m.roster.players {
		m.join(newClient(nil), i)
	}
	m.steps(20 * sim.TickRate)
	b.ReportAllocs()
	for b.Loop() {
		m.show()
		for _, c := range m.clients {
			for len(c.queue) > 0 {
				<-c.queue
			}
		}
	}
}
