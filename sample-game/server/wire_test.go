package main

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-gg/muster/sample-game/server/sim"
	"github.com/muster-gg/muster/sdk/gameserver"
)

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"t":"join","ticket":"x"}`, `{"t":"input","dx":0.5,"dy":-1,"dash":true,"seq":3}`, `{"t":"ping","at":12.5}`,
		`{"t":"input","dx":1e308,"dy":-1e308}`, `{}`, `[]`, ``, `{"t":"input","dx":NaN}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		m, err := decode(frame)
		if err != nil {
			if m != (message{}) {
				t.Fatalf("refused, but %+v", m)
			}
			return
		}
		switch m.T {
		case typeJoin:
		case typePing:
			var p reply
			if err := json.Unmarshal(encodePong(m.At), &p); err != nil || math.Abs(p.At-m.At) > 1 {
				t.Fatalf("pong of %v: %s", m.At, encodePong(m.At))
			}
		case typeInput:
			w := sim.New(sim.Duel(), []sim.Seat{{}}, 1)
			w.Set(0, m.input())
			w.Start()
			for range 4 * sim.TickRate {
				w.Step()
			}
			if v := math.Hypot(w.Figures[0].VX, w.Figures[0].VY); !(v <= 721) {
				t.Fatalf("speed %v after %+v", v, m)
			}
		default:
			t.Fatalf("took %q", m.T)
		}
	})
}

// TestState: a state says what the world is, as JSON with one decimal.
func TestState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := sim.New(sim.Arena(), []sim.Seat{{Team: 0, Bot: true}, {Team: 1, Bot: true}, {Team: 1}}, rapid.Uint64().Draw(t, "seed"))
		if rapid.Bool().Draw(t, "started") {
			w.Start()
		}
		for range rapid.IntRange(0, 600).Draw(t, "ticks") {
			w.Step()
		}
		ack := rapid.Int64Range(0, math.MaxInt64).Draw(t, "ack")
		raw := finishState(appendState(nil, w), ack)
		var m reply
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatalf("%v: %s", err, raw)
		}
		if strings.Contains(string(raw), "-0,") || strings.Contains(string(raw), "-0]") {
			t.Fatalf("minus zero: %s", raw)
		}
		if m.T != "state" || m.Tick != w.Tick || m.Ack != ack || len(m.P) != 3 || len(m.S) != len(w.Sparks) || m.Score[1] != w.Score[1] {
			t.Fatalf("%s", raw)
		}
		for i, p := range m.P {
			f := w.Figures[i]
			want := []float64{float64(i), f.X, f.Y, f.VX, f.VY, float64(f.Carry), float64(f.Stun * 33), float64(f.Dashing() * 33), 1}
			if !f.Connected {
				want[8] = 0
			}
			for k := range want {
				if math.Abs(p[k]-want[k]) > 0.0501 {
					t.Fatalf("field %d of %v, want %v", k, p, want)
				}
			}
		}
	})
}

func TestEvents(t *testing.T) {
	for want, e := range map[string]sim.Event{
		`{"t":"event","kind":"steal","player":1,"team":0,"by":0,"n":2}`: {Kind: sim.KindSteal, Player: 1, Team: 0, By: 0, N: 2},
		`{"t":"event","kind":"score","player":3,"team":1,"n":3}`:        {Kind: sim.KindScore, Player: 3, Team: 1, By: -1, N: 3},
		`{"t":"event","kind":"leave","player":3,"team":1}`:              {Kind: "leave", Player: 3, Team: 1, By: -1, N: -1},
	} {
		if got := string(encodeEvent(e)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestResultRanks(t *testing.T) {
	r := roster{teams: [2]string{"Red", "Blue"}, players: []seat{{ID: "a"}, {ID: "b", Team: 1}}}
	for score, ranks := range map[[2]int][2]int{{3, 1}: {1, 2}, {1, 3}: {2, 1}, {2, 2}: {1, 1}} {
		w := sim.New(sim.Duel(), []sim.Seat{{Team: 0}, {Team: 1}}, 1)
		w.Score = score
		w.Figures[1].Steals = 4
		got := resultOf(w, r)
		if got.Teams[0] != (gameserver.TeamResult{Name: "Red", Rank: ranks[0]}) || got.Teams[1].Rank != ranks[1] {
			t.Errorf("%v gives %+v", score, got.Teams)
		}
		if got.Players[1].Stats["steals"] != 4 {
			t.Errorf("stats %v", got.Players)
		}
		var over reply
		if err := json.Unmarshal(encodeOver(w, r), &over); err != nil || (over.Winner == nil) != (score[0] == score[1]) {
			t.Errorf("over %s", encodeOver(w, r))
		}
	}
}

func TestSettings(t *testing.T) {
	read := func(mode, seconds string) (settings, error) {
		return readSettings(func(k string) string {
			return map[string]string{"ARENA_MODE": mode, "ARENA_MATCH_SECONDS": seconds}[k]
		})
	}
	for _, mode := range []string{"", "teams", "arena"} {
		if s, err := read(mode, ""); err != nil || s.mode != "arena" || s.rules.Seconds != 100 {
			t.Errorf("%q: %+v %v", mode, s, err)
		}
	}
	if s, err := read("duel", "7"); err != nil || s.mode != "duel" || s.rules.Seconds != 7 || s.rules.Field.W != 1100 {
		t.Errorf("duel: %+v %v", s, err)
	}
	for _, bad := range [][2]string{{"chess", ""}, {"", "0"}, {"", "-1"}, {"", "x"}, {"", "99999999999999999999"}, {"", "3601"}} {
		if _, err := read(bad[0], bad[1]); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}
