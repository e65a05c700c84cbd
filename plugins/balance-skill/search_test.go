package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// draw makes teams with room for all players, some of them in parties.
func draw(t *rapid.T, minPlayers, maxPlayers, maxTeams int) ([]team, []player) {
	n := rapid.IntRange(minPlayers, maxPlayers).Draw(t, "players")
	var teams []team
	room := 0
	for i := range rapid.IntRange(1, maxTeams).Draw(t, "teams") {
		size := rapid.IntRange(0, n).Draw(t, "size")
		teams = append(teams, team{fmt.Sprint("T", i), size})
		room += size
	}
	if room < n {
		teams[0].size += n - room
	}
	parties := rapid.IntRange(0, n/2).Draw(t, "parties")
	level := rapid.SampledFrom([]float64{1, 500}).Draw(t, "level")
	players := make([]player, n)
	for i := range players {
		players[i] = player{
			id: fmt.Sprintf("id%02d", i), now: rapid.IntRange(0, len(teams)-1).Draw(t, "now"),
			skill: level * float64(rapid.IntRange(-1, 6).Draw(t, "skill")),
		}
		if parties > 0 && rapid.Bool().Draw(t, "in a party") {
			players[i].party = fmt.Sprint("p", rapid.IntRange(1, parties).Draw(t, "party"))
		}
	}
	return teams, players
}

// costOf is the cost of an assignment, computed from nothing but the definition; ok
// is false for one that is none.
func costOf(teams []team, players []player, where []int) (cost, bool) {
	var c cost
	if len(where) != len(players) {
		return c, false
	}
	p := &problem{teams: teams}
	counts, sums := make([]int, len(teams)), make([]int64, len(teams))
	for i, t := range where {
		if t < 0 || t >= len(teams) {
			return c, false
		}
		counts[t]++
		sums[t] += int64(players[i].skill * 1000)
		if players[i].now != t {
			c.moved++
		}
	}
	for t := range teams {
		if counts[t] > teams[t].size {
			return c, false
		}
	}
	c.uneven, c.spread = p.uneven(counts), p.spread(sums)
	return c, true
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

// brute is the least cost of all assignments that keep parties together.
func brute(teams []team, players []player) (best cost, found bool) {
	where := make([]int, len(players))
	var try func(i int)
	try = func(i int) {
		if i == len(players) {
			c, ok := costOf(teams, players, where)
			if ok && together(players, where) && (!found || c.less(best)) {
				best, found = c, true
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

// solved balances, and checks what holds for every answer.
func solved(t *rapid.T, teams []team, players []player) ([]int, cost) {
	where, err := balance(context.Background(), teams, players)
	if err != nil {
		t.Fatal(err)
	}
	got, ok := costOf(teams, players, where)
	if !ok {
		t.Fatalf("no assignment: %v", where)
	}
	again, err := balance(context.Background(), teams, players)
	if err != nil || !slices.Equal(again, where) {
		t.Errorf("the second time: %v, %v", again, err)
	}
	return where, got
}

// TestBest holds small lobbies against all that can be done with them.
func TestBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		teams, players := draw(t, rapid.IntRange(1, 7).Draw(t, "least"), 7, 3)
		where, got := solved(t, teams, players)
		best, possible := brute(teams, players)
		if possible && !together(players, where) {
			t.Fatalf("a party is split: %v", where)
		}
		if possible && (best.less(got) || got.less(best)) {
			t.Errorf("got %v %+v, the best is %+v", where, got, best)
		}
	})
}

// TestBestOfMany is the same with lobbies that are as large as can be held against
// everything, where changes one by one lead astray.
func TestBestOfMany(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		n := 7 + random.IntN(2)
		teams := []team{{"A", 3}, {"B", n - 5}, {"C", 3}}
		players := make([]player, n)
		for i := range players {
			players[i] = player{id: fmt.Sprint(i), now: random.IntN(3), skill: float64(random.IntN(5) * random.IntN(300))}
			if p := random.IntN(8); p < 3 {
				players[i].party = fmt.Sprint(p)
			}
		}
		where, err := balance(t.Context(), teams, players)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := costOf(teams, players, where)
		best, possible := brute(teams, players)
		if !ok || possible && (!together(players, where) || best.less(got)) {
			t.Errorf("%v: %v %+v, the best is %+v", players, where, got, best)
		}
	}
}

// simple puts parties, the largest and strongest first, into the weakest team that
// has room.
func simple(teams []team, players []player) []int {
	p := &problem{teams: teams, players: players}
	for _, members := range parties(players) {
		p.groups = append(p.groups, p.group(members))
	}
	p.sort()
	where, counts, sums := make([]int, len(players)), make([]int, len(teams)), make([]float64, len(teams))
	for _, g := range p.groups {
		to := -1
		for t := range teams {
			if counts[t]+g.size() <= teams[t].size && (to < 0 || sums[t]/float64(teams[t].size) < sums[to]/float64(teams[to].size)) {
				to = t
			}
		}
		if to < 0 {
			return nil
		}
		for _, m := range g.members {
			where[m] = to
		}
		counts[to] += g.size()
		sums[to] += float64(g.skill)
	}
	return where
}

// TestLarge: where not everything can be tried, nothing simple is better, and
// nobody parts a party that a packing keeps together.
func TestLarge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		teams, players := draw(t, rapid.SampledFrom([]int{1, 30}).Draw(t, "least"), 40, 5)
		where, got := solved(t, teams, players)
		if plain := simple(teams, players); plain != nil {
			if c, _ := costOf(teams, players, plain); c.less(got) || !together(players, where) {
				t.Errorf("%v %+v is worse than the simple %+v", where, got, c)
			}
		}
	})
}

// TestPacked: there is a way to keep the parties together, for the lobby was made
// from one, and teams are full, so it is hard to find.
func TestPacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var teams []team
		var players []player
		for i := range rapid.IntRange(1, 6).Draw(t, "teams") {
			size := rapid.IntRange(1, 12).Draw(t, "size")
			teams = append(teams, team{fmt.Sprint(i), size})
			for left := size; left > 0; {
				n := rapid.IntRange(1, left).Draw(t, "party")
				for range n {
					players = append(players, player{party: fmt.Sprint(i, " ", left), skill: float64(len(players) % 7)})
				}
				left -= n
			}
		}
		order := rapid.Permutation(players).Draw(t, "order")
		for i := range order {
			order[i].id = fmt.Sprint(i)
		}
		if where, _ := solved(t, teams, order); !together(order, where) {
			t.Errorf("a party is split: %v", where)
		}
	})
}

func TestExamples(t *testing.T) {
	for name, c := range map[string]struct {
		sizes  []int
		skills []float64
		party  string // a letter for each player, "." for none
		want   string // of each player, the team
	}{
		"two against two":             {[]int{2, 2}, []float64{40, 30, 20, 10}, "....", "ABBA"},
		"the party stays together":    {[]int{2, 2}, []float64{10, 20, 30, 40}, "..aa", "AABB"},
		"more in the weaker team":     {[]int{4, 4}, []float64{9, 9, 6, 6, 6}, ".....", "AABBB"},
		"teams of two sizes":          {[]int{4, 8}, []float64{5, 5, 5, 5, 5, 5}, "......", "AABBBB"},
		"one against four":            {[]int{1, 4}, []float64{50, 10, 10, 10, 10}, ".....", "BABBB"},
		"the largest party is split":  {[]int{3, 2}, []float64{1, 1, 1, 1, 1}, "aaaa.", "AAABB"},
		"as little as can be":         {[]int{4, 4}, []float64{1, 1, 1, 1, 1, 1}, "aaaaaa", "AAAABB"},
		"those who are alike stay":    {[]int{3, 3}, []float64{7, 7, 7, 7}, "....", "AABB"},
		"nobody in a team of nothing": {[]int{0, 2}, []float64{7, 1}, "..", "BB"},
	} {
		t.Run(name, func(t *testing.T) {
			var teams []team
			for i, size := range c.sizes {
				teams = append(teams, team{fmt.Sprint(i), size})
			}
			var players []player
			for i, skill := range c.skills {
				p := player{id: fmt.Sprint(i), skill: skill, now: min(2*i/len(c.skills), len(teams)-1)}
				if c.party[i] != '.' {
					p.party = c.party[i : i+1]
				}
				players = append(players, p)
			}
			where, err := balance(t.Context(), teams, players)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, t := range where {
				got += string(rune('A' + t))
			}
			if got != c.want {
				t.Errorf("%s, not %s", got, c.want)
			}
		})
	}
	if _, err := balance(t.Context(), []team{{"A", 1}}, make([]player, 2)); !errors.Is(err, errSeats) {
		t.Errorf("too many players: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, n := range []int{1, 40} {
		if _, err := balance(ctx, []team{{"A", n}, {"B", n}}, make([]player, n)); !errors.Is(err, context.Canceled) {
			t.Errorf("nobody waits: %v", err)
		}
	}
}

func BenchmarkBalance(b *testing.B) {
	for _, c := range []struct{ teams, players, parties int }{{2, 10, 0}, {2, 18, 0}, {3, 12, 0}, {2, 100, 0}, {2, 100, 20}, {4, 100, 20}, {10, 100, 30}, {25, 100, 40}} {
		b.Run(fmt.Sprintf("%dx%d,%d", c.teams, c.players, c.parties), func(b *testing.B) {
			var teams []team
			for i := range c.teams {
				teams = append(teams, team{fmt.Sprint(i), (c.players + c.teams - 1) / c.teams})
			}
			players := make([]player, c.players)
			for i := range players {
				players[i] = player{id: fmt.Sprintf("%03d", i), skill: float64(i * i % 1009)}
				if i < 2*c.parties {
					players[i].party = fmt.Sprint(i % c.parties)
				}
			}
			for b.Loop() {
				where, err := balance(b.Context(), teams, players)
				if err != nil {
					b.Fatal(err)
				}
				got, _ := costOf(teams, players, where)
				b.ReportMetric(got.spread/1000, "spread")
			}
		})
	}
}
