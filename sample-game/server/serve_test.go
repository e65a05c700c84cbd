package main

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv("TEST_SERVER") != "" {
		main()
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// TestPlaythrough is a match from its start to the reported result.
func TestPlaythrough(t *testing.T) {
	f := newFleet(t)
	f.hand(f.payloadFor([]string{"ann", "bot-1"}, []string{"bob", "bot-2"}))
	a := begin(t, f, quick())
	ann, bob := a.dial(), a.dial()
	ann.send(map[string]any{"t": "join", "ticket": ticket(t, "ann")})
	w := ann.until("welcome")
	if w.Mode != "arena" || w.Tick != 30 || w.Duration != 1 || w.Goal < 1 || !slices.Equal(w.Teams, []string{"A", "B"}) || len(w.Map) == 0 {
		t.Fatalf("welcome %+v", w)
	}
	var players []seat
	if err := json.Unmarshal(w.Players, &players); err != nil || len(players) != 4 ||
		players[1] != (seat{ID: "bot-1", Name: "name of bot-1", Team: 0, Bot: true}) || players[2].ID != "bob" || players[2].Team != 1 {
		t.Fatalf("players %s %v", w.Players, err)
	}
	if m := ann.until("state"); m.Phase != "countdown" || m.Left != 1 || len(m.P) != 4 || len(m.P[0]) != 9 || m.P[2][8] != 0 || m.P[1][8] != 1 {
		t.Fatalf("state %+v", m)
	}
	bob.send(map[string]any{"t": "join", "ticket": ticket(t, "bob")})
	bob.until("welcome")
	if m := ann.find("event", func(m reply) bool { return m.Player == 2 }); m.Kind != "join" {
		t.Fatalf("event %+v", m)
	}
	first := ann.find("state", func(m reply) bool { return m.Phase == "play" })
	ann.send(map[string]any{"t": "input", "dx": 1, "dy": 0, "dash": false, "seq": 7})
	ann.send(map[string]any{"t": "ping", "at": 12345.5})
	if m := ann.until("pong"); m.At != 12345.5 {
		t.Fatalf("pong %+v", m)
	}
	moved := ann.find("state", func(m reply) bool { return m.Ack == 7 && m.P[0][1] > first.P[0][1]+10 })
	if len(moved.S) == 0 {
		t.Fatal("no sparks")
	}
	over := ann.until("over")
	if other := bob.until("over"); !slices.Equal(other.Score, over.Score) {
		t.Fatal("two results")
	}
	ann.closed()
	if err := a.end(); err != nil {
		t.Fatal(err)
	}
	checkResult(t, f, over)
	if f.count("/ready") != 1 || f.count("/shutdown") != 1 || f.count("/health") == 0 {
		t.Error("ready and shutdown are told once, health at least once")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	slices.Sort(f.seen)
	if !slices.Equal(f.seen, []string{"ann", "bob"}) {
		t.Errorf("the fleet saw %v", f.seen)
	}
}

func checkResult(t *testing.T, f *fleet, over reply) {
	t.Helper()
	results := f.reported()
	var r struct {
		Teams []struct {
			Name string
			Rank int
		}
		Players []struct {
			AccountID string
			Score     float64
			Stats     map[string]float64
		}
	}
	if len(results) != 1 || json.Unmarshal(results[0], &r) != nil {
		t.Fatalf("results %s", results)
	}
	want := [2]int{1, 1}
	switch {
	case over.Score[0] > over.Score[1]:
		want = [2]int{1, 2}
	case over.Score[0] < over.Score[1]:
		want = [2]int{2, 1}
	}
	if len(r.Teams) != 2 || r.Teams[0].Name != "A" || r.Teams[0].Rank != want[0] || r.Teams[1].Name != "B" || r.Teams[1].Rank != want[1] {
		t.Errorf("teams %+v at %v", r.Teams, over.Score)
	}
	sum := 0.0
	for _, p := range r.Players {
		sum += p.Score
		if _, ok := p.Stats["steals"]; !ok {
			t.Errorf("no steals of %s", p.AccountID)
		}
	}
	if len(r.Players) != 4 || sum != float64(over.Score[0]+over.Score[1]) {
		t.Errorf("players %+v at %v", r.Players, over.Score)
	}
}

// TestReconnect: a newer socket takes the seat over, and a player who dropped
// finds his figure where it was.
func TestReconnect(t *testing.T) {
	f := newFleet(t)
	f.hand(f.payloadFor([]string{"ann"}, []string{"bob"}))
	a := begin(t, f, long())
	ann, bob := a.join("ann"), a.join("bob")
	ann.find("state", func(m reply) bool { return m.Phase == "play" })
	ann.send(map[string]any{"t": "input", "dx": 1, "dy": 0, "seq": 1})
	ann.find("state", func(m reply) bool { return m.P[0][1] > 250 })

	second := a.join("ann")
	ann.refused(codeReplaced)
	second.conn.Close()
	bob.find("event", func(m reply) bool { return m.Kind == "leave" && m.Player == 0 })
	away := bob.find("state", func(m reply) bool { return m.P[0][8] == 0 && m.P[0][3] == 0 })

	third := a.join("ann")
	here := third.find("state", func(m reply) bool { return m.P[0][8] == 1 })
	if here.P[0][1] != away.P[0][1] || here.P[0][1] < 250 || here.Phase != "play" {
		t.Fatalf("back at %v, was at %v", here.P[0], away.P[0])
	}
}

// TestAskedToEnd: SIGTERM in the middle ends the match with a word to the players
// and no result.
func TestAskedToEnd(t *testing.T) {
	f := newFleet(t)
	f.hand(f.payloadFor([]string{"ann"}, []string{"bot-1"}))
	a := begin(t, f, long())
	ann := a.join("ann")
	ann.find("state", func(m reply) bool { return m.Phase == "play" })
	a.stop()
	ann.refused(codeEnded)
	if err := a.end(); err != nil {
		t.Fatal(err)
	}
	if len(f.reported()) != 0 {
		t.Fatalf("reported %s", f.reported())
	}
}

// TestAskedToEndAfterResult: the fleet sends SIGTERM as soon as it has the result;
// players see the result all the same, who comes back too.
func TestAskedToEndAfterResult(t *testing.T) {
	f := newFleet(t)
	f.hand(f.payloadFor([]string{"ann"}, []string{"bob"}))
	s := quick()
	s.waits.stay = 700 * time.Millisecond
	a := begin(t, f, s)
	ann, bob := a.join("ann"), a.join("bob")
	ann.until("over")
	a.stop()
	bob.conn.Close()
	again := a.join("bob")
	again.until("over")
	ann.closed()
	if err := a.end(); err != nil {
		t.Fatal(err)
	}
	if len(f.reported()) != 1 || f.count("/shutdown") != 1 {
		t.Fatalf("results %s", f.reported())
	}
}

// TestResultIsRetried: a backend that stumbles gets the result, and players do not
// wait for it.
func TestResultIsRetried(t *testing.T) {
	f := newFleet(t)
	f.hand(f.payloadFor([]string{"ann"}, []string{"bot-1"}))
	f.fail(2)
	s := quick()
	s.waits.report = 0
	a := begin(t, f, s)
	a.join("ann").until("over")
	if err := a.end(); err != nil {
		t.Fatal(err)
	}
	if len(f.reported()) != 1 || f.count("/result") != 3 {
		t.Fatalf("%d results in %d calls", len(f.reported()), f.count("/result"))
	}
}

// TestWarm: a server without a match takes sockets and lets them in when it is
// handed one.
func TestWarm(t *testing.T) {
	f := newFleet(t)
	a := begin(t, f, quick())
	ann := a.dial()
	ann.send(map[string]any{"t": "join", "ticket": ticket(t, "ann")})
	<-f.watched
	f.hand(f.payloadFor([]string{"ann"}, []string{"bot-1"}))
	ann.until("welcome")
	ann.until("over")
	if err := a.end(); err != nil {
		t.Fatal(err)
	}
}

// TestUnplayable: a match that is not for two teams fails before the server is ready.
func TestUnplayable(t *testing.T) {
	f := newFleet(t)
	for name, payload := range map[string]string{
		"three teams": f.payloadFor([]string{"a"}, []string{"b"}, []string{"c"}),
		"twice":       f.payloadFor([]string{"a"}, []string{"a"}),
		"nobody":      f.payloadFor(nil, nil),
		"no JSON":     "hello",
	} {
		t.Run(name, func(t *testing.T) {
			f.hand(payload)
			if err := begin(t, f, quick()).end(); err == nil {
				t.Fatal("no error")
			}
			if f.count("/ready") != 0 {
				t.Fatal("it said that it is ready")
			}
		})
	}
}

// TestAskedToEndWithoutMatch: a warm server that is not needed any more ends.
func TestAskedToEndWithoutMatch(t *testing.T) {
	f := newFleet(t)
	a := begin(t, f, quick())
	waiting := a.dial()
	<-f.watched
	a.stop()
	waiting.refused(codeEnded)
	if err := a.end(); err != nil {
		t.Fatal(err)
	}
}
