package lobby

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestFitAfterRestart restarts lobbies, made by random commands under one
// config, under another. Every invariant then holds under the new one, no human is
// lost unless the lobby is closed, and it is closed only if they do not fit.
func TestFitAfterRestart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.UnixMilli(1_700_000_000_000)
		before, after := drawRules(t), drawRules(t)
		s := Service{rules: *before, now: func() time.Time { return now }}
		first := s.fresh(Who{"ann", "Ann"}, Draft{})
		l := &first
		for i := range rapid.IntRange(0, 30).Draw(t, "commands") {
			c := newChange(l, now, before)
			if _, err := drawCommand(t, c, i); err == nil && c.lobby != nil {
				l = c.lobby
			}
		}
		state := l.State
		c := newChange(l, now, after)
		c.restarted()
		if state == InMatch && c.lobby != nil {
			if a, b := teamsOf(l), teamsOf(c.lobby); after.ReconnectGrace > 0 && a != b {
				t.Fatalf("the teams of a running match changed: %s, were %s", b, a)
			}
			if err := c.endMatch(c.lobby.Match.ID, json.RawMessage(`{}`), nil); err != nil {
				t.Fatal(err)
			}
		}
		_, humans, _ := l.Count()
		if c.lobby == nil {
			if after.ReconnectGrace > 0 && humans <= after.Seats() && (state != InMatch || after.Reopen) {
				t.Fatalf("closed, though %d humans fit into %+v", humans, after.Teams)
			}
			for _, p := range l.All {
				if here, told := c.seats[p.AccountID]; !p.Bot && (here || !told) {
					t.Fatalf("%s keeps a seat in a closed lobby", p.AccountID)
				}
			}
			return
		}
		if err := broken(c.lobby, after); err != nil {
			t.Fatal(err)
		}
		if _, left, _ := c.lobby.Count(); left != humans {
			t.Fatalf("%d humans of %d are left", left, humans)
		}
		if !c.dirty && teamsOf(l) != teamsOf(c.lobby) {
			t.Fatal("changed, but not to be saved")
		}
	})
}

func teamsOf(l *Lobby) (text string) {
	for _, t := range l.Teams {
		text += fmt.Sprintf("%s/%d:", t.Name, t.Size)
		for _, p := range t.Players {
			text += p.AccountID + ","
		}
	}
	return text
}

func lobbyOf(teams ...Team) *Lobby {
	l := &Lobby{ID: "l", OwnerID: "ann", State: Open, Teams: teams}
	for t := range teams {
		l.MaxPlayers += teams[t].Size
		for p := range teams[t].Players {
			l.Teams[t].Players[p].Connected, l.Teams[t].Players[p].Ready = true, l.Teams[t].Players[p].Bot
		}
	}
	return l
}

func TestFitKeepsTeamsByName(t *testing.T) {
	ann, bob, cid, bot := Player{AccountID: "ann"}, Player{AccountID: "bob"}, Player{AccountID: "cid"}, Player{AccountID: "bot", Bot: true}
	for name, tc := range map[string]struct {
		made *Lobby
		now  []TeamRule
		want string
		max  int
	}{
		"teams swapped": {
			lobbyOf(Team{"A", 2, []Player{ann, bob}}, Team{"B", 2, []Player{cid}}),
			[]TeamRule{{"B", 2}, {"A", 2}}, "B/2:cid,A/2:ann,bob,", 4,
		},
		"a team is gone": {
			lobbyOf(Team{"A", 2, []Player{ann}}, Team{"C", 2, []Player{bob, cid}}),
			[]TeamRule{{"A", 2}, {"B", 2}}, "A/2:ann,cid,B/2:bob,", 4,
		},
		"a team shrank, the bot gives way": {
			lobbyOf(Team{"A", 3, []Player{ann, bob, cid}}, Team{"B", 2, []Player{bot}}),
			[]TeamRule{{"A", 2}, {"B", 1}}, "A/2:ann,bob,B/1:cid,", 3,
		},
		"teams grew": {
			lobbyOf(Team{"A", 1, []Player{ann}}, Team{"B", 1, []Player{bot}}),
			[]TeamRule{{"A", 5}, {"B", 5}}, "A/5:ann,B/5:bot,", 10,
		},
	} {
		c := newChange(tc.made, time.UnixMilli(1), &Rules{Teams: tc.now, MinPlayers: 1, ReconnectGrace: time.Second})
		c.restarted()
		if got := teamsOf(c.lobby); got != tc.want || c.lobby.MaxPlayers != tc.max {
			t.Errorf("%s: %s at most %d, want %s at most %d", name, got, c.lobby.MaxPlayers, tc.want, tc.max)
		}
	}
	c := newChange(lobbyOf(Team{"A", 2, []Player{ann, bob}}, Team{"B", 2, []Player{cid}}), time.UnixMilli(1),
		&Rules{Teams: []TeamRule{{"A", 1}, {"B", 1}}, MinPlayers: 1, ReconnectGrace: time.Second})
	c.restarted()
	if c.lobby != nil || len(c.events) != 1 || c.events[0].Kind != Deleted || c.events[0].Reason != "config_changed" {
		t.Errorf("three humans in two seats: %+v, told %+v", c.lobby, c.events)
	}
}
