package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// draw makes teams with room for all players, some of them in parties.
func draw(t *rapid.T, maxPlayers int) ([]team, []player) {
	n := rapid.IntRange(1, maxPlayers).Draw(t, "players")
	var teams []team
	room := 0
	for i := range rapid.IntRange(1, 3).Draw(t, "teams") {
		size := rapid.IntRange(1, n).Draw(t, "size")
		teams = append(teams, team{fmt.Sprint("T", i), size})
		room += size
	}
	if room < n {
		teams[0].size += n - room
	}
	players := make([]player, n)
	for i := range players {
		party := ""
		if p := rapid.IntRange(0, 5).Draw(t, "party"); p < 3 {
			party = fmt.Sprint("p", p)
		}
		players[i] = player{
			id: fmt.Sprintf("id%02d", i), party: party, now: rapid.IntRange(0, len(teams)-1).Draw(t, "now"),
			skill: float64(rapid.IntRange(-50, 3000).Draw(t, "skill")),
		}
	}
	return teams, players
}

// scoreOf is the score of an assignment; ok is false for one that is none.
func scoreOf(teams []team, players []player, where []int) (score, bool) {
	s := newSearch(teams, players, nil)
	for i, t := range where {
		if t < 0 || t >= len(teams) {
			return score{}, false
		}
		s.count[t]++
		s.sum[t] += players[i].skill
		if players[i].now != t {
			s.moved++
		}
	}
	for t := range teams {
		if s.count[t] > teams[t].size {
			return score{}, false
		}
	}
	return s.score(), true
}

func together(players []player, where []int) bool {
	at := map[string]int{}
	for i, p := range players {
		if t, known := at[p.party]; p.party != "" && known && t != where[i] {
			return false
		}
		at[p.party] = where[i]
	}
	return true
}

// brute is the best score of all assignments that keep parties together.
func brute(teams []team, players []player) (best score, found bool) {
	where := make([]int, len(players))
	var try func(i int)
	try = func(i int) {
		if i == len(players) {
			now, ok := scoreOf(teams, players, where)
			if ok && together(players, where) && (!found || now.compare(best) < 0) {
				best, found = now, true
			}
			return
		}
		for t := range teams {
			where[i] = t
			try(i + 1)
		}
	}
	try(0)
	return best, found
}

// TestBest holds small lobbies against all that can be done with them.
func TestBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		teams, players := draw(t, 6)
		where, err := balance(context.Background(), teams, players)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := scoreOf(teams, players, where)
		if !ok {
			t.Fatalf("no assignment: %v", where)
		}
		best, possible := brute(teams, players)
		if possible && (!together(players, where) || got.compare(best) != 0) {
			t.Errorf("got %v %+v, the best is %+v", where, got, best)
		}
		again, err := balance(context.Background(), teams, players)
		if err != nil || !slices.Equal(again, where) {
			t.Errorf("the second time: %v, %v", again, err)
		}
	})
}

// TestLarge: where not everything can be tried the answer is an assignment, no
// worse than the simple one, and nothing that one exchange would mend.
func TestLarge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		teams, players := draw(t, 60)
		where, err := balance(context.Background(), teams, players)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := scoreOf(teams, players, where)
		if !ok {
			t.Fatalf("no assignment: %v", where)
		}
		simple := newSearch(teams, players, groupsOf(players))
		if simple.greedy(); simple.best != nil && (got.compare(simple.good) > 0 || !together(players, where)) {
			t.Errorf("%+v is worse than the simple %+v", got, simple.good)
		}
	})
}

func TestExamples(t *testing.T) {
	for name, c := range map[string]struct {
		sizes  []int
		skills []float64
		party  string // a letter for each player, "." for none
		spread float64
		uneven float64
	}{
		"two against two":          {[]int{2, 2}, []float64{10, 20, 30, 40}, "....", 0, 8},
		"the party stays together": {[]int{2, 2}, []float64{10, 20, 30, 40}, "..aa", 20, 8},
		"a party as large as half": {[]int{4, 4}, []float64{1, 1, 1, 1, 9, 9}, "....aa", 16.0 / 3, 18},
		"a party that fits nowhere": {
			[]int{2, 2}, []float64{10, 20, 30, 40}, "aaa.", 20, 8,
		},
		"more seats than players": {[]int{4, 4}, []float64{5, 5, 5}, "...", 0, 5},
		"one against four":        {[]int{1, 4}, []float64{50, 10, 10, 10, 10}, ".....", 10, 17},
	} {
		t.Run(name, func(t *testing.T) {
			var teams []team
			for i, size := range c.sizes {
				teams = append(teams, team{fmt.Sprint(i), size})
			}
			var players []player
			for i, skill := range c.skills {
				p := player{id: fmt.Sprint(i), skill: skill}
				if c.party[i] != '.' {
					p.party = c.party[i : i+1]
				}
				players = append(players, p)
			}
			where, err := balance(t.Context(), teams, players)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := scoreOf(teams, players, where)
			if !ok || math.Abs(got.spread-c.spread) > 1e-9 || got.uneven != c.uneven {
				t.Errorf("%v: %+v", where, got)
			}
		})
	}
	if _, err := balance(t.Context(), []team{{"A", 1}}, make([]player, 2)); !errors.Is(err, errNoRoom) {
		t.Errorf("too many players: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := balance(ctx, []team{{"A", 1}}, make([]player, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody waits: %v", err)
	}
}

func BenchmarkBalance(b *testing.B) {
	for _, n := range []int{10, 20, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			teams := []team{{"A", n / 2}, {"B", n / 2}}
			players := make([]player, n)
			for i := range players {
				players[i] = player{id: fmt.Sprintf("%03d", i), skill: float64(i * i % 1000)}
			}
			for b.Loop() {
				if _, err := balance(b.Context(), teams, players); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
