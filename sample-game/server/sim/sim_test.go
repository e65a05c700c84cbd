package sim

import (
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func seats(perTeam int, bot func(i int) bool) []Seat {
	var s []Seat
	for i := range 2 * perTeam {
		s = append(s, Seat{Team: i % 2, Bot: bot(i)})
	}
	return s
}

func allBots(int) bool { return true }

// check holds what is true of a world after every step.
func check(t rapid.TB, w *World) {
	t.Helper()
	if n := w.total(); n > w.rules.Sparks {
		t.Fatalf("%d sparks, at most %d", n, w.rules.Sparks)
	}
	points := [2]int{}
	for i, f := range w.Figures {
		for _, v := range []float64{f.X, f.Y, f.VX, f.VY} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("figure %d: %+v", i, f)
			}
		}
		if f.X < Radius || f.X > w.rules.Field.W-Radius || f.Y < Radius || f.Y > w.rules.Field.H-Radius {
			t.Fatalf("figure %d is outside: %v, %v", i, f.X, f.Y)
		}
		if v := f.vel().len(); v > dashSpeed+1e-6 {
			t.Fatalf("figure %d is too fast: %v", i, v)
		}
		if f.Carry < 0 || f.Carry > MaxCarry || f.Stun < 0 || f.Wait < 0 {
			t.Fatalf("figure %d: %+v", i, f)
		}
		points[f.Team] += f.Points
	}
	if points != w.Score {
		t.Fatalf("score %v, points of players %v", w.Score, points)
	}
	seen := map[int]bool{}
	for _, s := range w.Sparks {
		if seen[s.ID] {
			t.Fatalf("spark %d twice", s.ID)
		}
		seen[s.ID] = true
		if s.X < 0 || s.X > w.rules.Field.W || s.Y < 0 || s.Y > w.rules.Field.H {
			t.Fatalf("spark outside: %+v", s)
		}
	}
}

func TestInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Arena()
		if rapid.Bool().Draw(t, "duel") {
			r = Duel()
		}
		r.Seconds = rapid.IntRange(1, 12).Draw(t, "seconds")
		size := rapid.IntRange(1, 5).Draw(t, "size")
		w := New(r, seats(size, func(i int) bool { return i%3 == 1 }), rapid.Uint64().Draw(t, "seed"))
		w.Start()
		number := rapid.OneOf(rapid.Float64(), rapid.Just(math.NaN()), rapid.Just(math.Inf(1)), rapid.Float64Range(-1, 1))
		last := w.Score
		for w.Phase != PhaseOver {
			for range rapid.IntRange(0, 3).Draw(t, "inputs") {
				i := rapid.IntRange(0, len(w.Figures)-1).Draw(t, "who")
				if rapid.IntRange(0, 9).Draw(t, "kind") == 0 {
					w.Connect(i, rapid.Bool().Draw(t, "there"))
					continue
				}
				w.Set(i, Input{DX: number.Draw(t, "dx"), DY: number.Draw(t, "dy"), Dash: rapid.Bool().Draw(t, "dash")})
			}
			for range rapid.IntRange(1, 60).Draw(t, "ticks") {
				for _, e := range w.Step() {
					if e.N > MaxCarry || e.Player >= len(w.Figures) || e.By >= len(w.Figures) || (e.By >= 0) != (e.Kind == KindSteal) {
						t.Fatalf("event %+v", e)
					}
				}
				check(t, w)
				if w.Score[0] < last[0] || w.Score[1] < last[1] {
					t.Fatalf("score shrank from %v to %v", last, w.Score)
				}
				last = w.Score
			}
		}
		if limit := (r.Seconds + r.Countdown) * TickRate; w.Tick > limit+60 {
			t.Fatalf("over only at tick %d of %d", w.Tick, limit)
		}
	})
}

// TestSameSeedSameMatch: nothing but the seed and the calls decides a match.
func TestSameSeedSameMatch(t *testing.T) {
	run := func(seed uint64) *World {
		w := New(Arena(), seats(4, func(i int) bool { return i != 2 }), seed)
		w.Connect(2, true)
		w.Start()
		for range 40 * TickRate {
			w.Set(2, Input{DX: math.Sin(float64(w.Tick) / 20), DY: math.Cos(float64(w.Tick) / 33), Dash: w.Tick%50 == 0})
			w.Step()
		}
		return w
	}
	a, b, other := run(7), run(7), run(8)
	if !reflect.DeepEqual(a.Figures, b.Figures) || !reflect.DeepEqual(a.Sparks, b.Sparks) || a.Score != b.Score {
		t.Fatal("the same seed gave two matches")
	}
	if reflect.DeepEqual(a.Figures, other.Figures) {
		t.Fatal("another seed gave the same match")
	}
}

// TestBotsPlay: bots of both teams score, steal and neither side is favoured much.
func TestBotsPlay(t *testing.T) {
	for name, c := range map[string]struct {
		rules Rules
		size  int
	}{"arena": {Arena(), 4}, "two a side": {Arena(), 2}, "duel": {Duel(), 1}} {
		t.Run(name, func(t *testing.T) {
			var sum, wins [2]int
			steals, ticks := 0, 0
			const matches = 60
			for seed := range uint64(matches) {
				w := New(c.rules, seats(c.size, allBots), seed)
				w.Start()
				for w.Phase != PhaseOver {
					w.Step()
				}
				ticks += w.Tick
				for team := range 2 {
					sum[team] += w.Score[team]
				}
				for _, f := range w.Figures {
					steals += f.Steals
				}
				if n := w.Winner(); n >= 0 {
					wins[n]++
				}
			}
			t.Logf("points %v wins %v steals %d seconds %d a match", sum, wins, steals, ticks/TickRate/matches)
			for team := range 2 {
				if sum[team] < matches*4 {
					t.Errorf("team %d brought only %d home in %d matches", team, sum[team], matches)
				}
				if wins[team] < matches/4 {
					t.Errorf("team %d won only %d of %d", team, wins[team], matches)
				}
			}
			if steals < matches {
				t.Errorf("only %d steals", steals)
			}
		})
	}
}

// still is a match with no spark of its own.
func still(t *testing.T, n int) *World {
	t.Helper()
	r := Arena()
	r.Sparks = 0
	w := New(r, seats(n, func(int) bool { return false }), 1)
	for i := range w.Figures {
		w.Connect(i, true)
	}
	w.Start()
	for w.Phase != PhasePlay {
		w.Step()
	}
	w.rules.Sparks = 0
	return w
}

func TestDashRobs(t *testing.T) {
	w := still(t, 1)
	w.Figures[0].X, w.Figures[0].Y = 300, 450
	w.Figures[1].X, w.Figures[1].Y = 360, 450
	w.Figures[1].Carry = 3
	w.Set(0, Input{DX: 1, Dash: true})
	var steal *Event
	for range dashTicks {
		for _, e := range w.Step() {
			if e.Kind == KindSteal {
				steal = &e
			}
		}
	}
	if steal == nil || *steal != (Event{Kind: KindSteal, Player: 1, Team: 0, By: 0, N: 3}) {
		t.Fatalf("steal: %+v", steal)
	}
	victim := w.Figures[1]
	if victim.Carry != 0 || victim.Stun == 0 || w.Figures[0].Steals != 3 || len(w.Sparks) != 3 {
		t.Fatalf("victim %+v, sparks %v", victim, w.Sparks)
	}
	x := w.Figures[1].X
	w.Set(1, Input{DX: -1})
	w.Step()
	if w.Figures[1].X < x {
		t.Fatal("a stunned figure walked")
	}
	if w.Figures[0].Wait == 0 {
		t.Fatal("a dash has no cooldown")
	}
}

// TestMatesAreSafe: a dash goes through one's own team.
func TestMatesAreSafe(t *testing.T) {
	w := still(t, 2)
	w.Figures[0].X, w.Figures[0].Y = 300, 450
	w.Figures[2].X, w.Figures[2].Y = 350, 450
	w.Figures[2].Carry = 2
	w.Set(0, Input{DX: 1, Dash: true})
	for range dashTicks + 2 {
		w.Step()
	}
	if w.Figures[2].Carry != 2 || w.Figures[2].Stun != 0 {
		t.Fatalf("mate hit: %+v", w.Figures[2])
	}
}

func TestOnlyOwnBaseScores(t *testing.T) {
	w := still(t, 1)
	for i := range w.Figures {
		other := w.rules.Field.Bases[1-i]
		w.Figures[i].X, w.Figures[i].Y, w.Figures[i].Carry = other.X, other.Y, 2
	}
	w.Step()
	if w.Score != [2]int{} {
		t.Fatalf("scored in the other base: %v", w.Score)
	}
	home := w.rules.Field.Bases[0]
	w.Figures[0].X, w.Figures[0].Y = home.X, home.Y
	events := w.Step()
	if w.Score != [2]int{2, 0} || len(events) != 1 || events[0] != (Event{Kind: KindScore, Player: 0, By: -1, N: 2}) {
		t.Fatalf("score %v events %v", w.Score, events)
	}
}

// TestAwayStandsStill: who is not there does not move and takes nothing.
func TestAwayStandsStill(t *testing.T) {
	w := still(t, 1)
	w.Figures[0].X = 400
	w.Set(0, Input{DX: 1})
	w.Step()
	w.Connect(0, false)
	for range TickRate {
		w.Step()
	}
	at := w.Figures[0]
	w.Sparks = append(w.Sparks, Spark{ID: 99, X: at.X, Y: at.Y})
	w.Step()
	if math.Abs(w.Figures[0].X-at.X) > 0.01 || w.Figures[0].Carry != 0 || w.Figures[0].Connected {
		t.Fatalf("%+v", w.Figures[0])
	}
	w.Connect(0, true)
	w.Step()
	if w.Figures[0].Carry != 1 {
		t.Fatal("back, but takes nothing")
	}
}

func TestGoalEndsMatch(t *testing.T) {
	w := still(t, 1)
	w.rules.Goal = 2
	home := w.rules.Field.Bases[1]
	w.Figures[1].X, w.Figures[1].Y, w.Figures[1].Carry = home.X, home.Y, 3
	w.Step()
	if w.Phase != PhaseOver || w.Winner() != 1 || w.Left() != 0 {
		t.Fatalf("phase %s winner %d", w.Phase, w.Winner())
	}
	if tick := w.Figures[1].Points; tick != 3 {
		t.Fatalf("points %d", tick)
	}
}

// TestBotsGoAround: a bot reaches a place behind every obstacle.
func TestBotsGoAround(t *testing.T) {
	for _, r := range []Rules{Arena(), Duel()} {
		for _, o := range r.Field.Obstacles {
			for _, side := range []float64{-1, 1} {
				w := New(r, []Seat{{Team: 0, Bot: true}}, 1)
				f := &w.Figures[0]
				f.X, f.Y = o.X-side*(o.R+90), o.Y
				goal := vec{o.X + side*(o.R+90), o.Y}
				reached := false
				for range 5 * TickRate {
					d := w.steer(f.pos(), goal)
					f.input = Input{DX: d.x, DY: d.y}
					w.move(f)
					reached = reached || f.pos().distance(goal) < Radius
				}
				if !reached {
					t.Errorf("stuck at %v, %v behind %+v", f.X, f.Y, o)
				}
			}
		}
	}
}

func BenchmarkStep(b *testing.B) {
	w := New(Arena(), seats(4, allBots), 1)
	w.Start()
	b.ReportAllocs()
	for b.Loop() {
		if w.Phase == PhaseOver {
			b.StopTimer()
			w = New(Arena(), seats(4, allBots), uint64(w.Tick))
			w.Start()
			b.StartTimer()
		}
		w.Step()
	}
}
