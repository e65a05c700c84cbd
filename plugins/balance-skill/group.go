package main

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
)

// team is where players can go, player is who must go somewhere.
type (
	team struct {
		name string
		size int
	}
	player struct {
		id    string
		skill float64
		party string
		now   int // the team that he is in
	}
)

// group is a party, or a single player: it goes to one team.
type group struct {
	members []int // indexes of players
	skill   int64 // of all, in thousandths: sums of whole numbers do not depend on their order
	now     []int // how many of them are in each team
}

func (g *group) size() int { return len(g.members) }

var errSeats = errors.New("the lobby has more players than seats")

// balance returns the team of each player.
//
// Of all assignments that fit it takes, in this order of importance: one that keeps
// parties together (where that cannot be, the largest is split first, into parts as
// large as possible); one that fills the teams as evenly as their sizes allow; one
// with the least spread of strength, which is a team's sum of skill by its size;
// one that moves few players. The same lobby always gets the same teams.
func balance(ctx context.Context, teams []team, players []player) ([]int, error) {
	seats := 0
	for _, t := range teams {
		seats += max(t.size, 0)
	}
	if len(players) > seats {
		return nil, errSeats
	}
	p := &problem{teams: teams, players: players}
	for _, members := range parties(players) {
		p.groups = append(p.groups, p.group(members))
	}
	start := p.pack()
	for start == nil {
		start = p.split()
	}
	best, err := p.solve(ctx, start)
	if err != nil {
		return nil, err
	}
	where := make([]int, len(players))
	for i, g := range p.groups {
		for _, m := range g.members {
			where[m] = best[i]
		}
	}
	return where, nil
}

// parties lists who belongs together, in the order of the players.
func parties(players []player) [][]int {
	var list [][]int
	at := map[string]int{}
	for i, p := range players {
		if first, known := at[p.party]; known && p.party != "" {
			list[first] = append(list[first], i)
			continue
		}
		at[p.party] = len(list)
		list = append(list, []int{i})
	}
	return list
}

// problem is what is to be solved. Groups are sorted: the largest first, of one
// size the strongest.
type problem struct {
	teams   []team
	players []player
	groups  []group
}

func (p *problem) group(members []int) group {
	g := group{members: members, now: make([]int, len(p.teams))}
	for _, m := range members {
		g.skill += int64(math.Round(p.players[m].skill * 1000))
		g.now[p.players[m].now]++
	}
	return g
}

func (p *problem) sort() {
	slices.SortStableFunc(p.groups, func(a, b group) int {
		return cmp.Or(cmp.Compare(b.size(), a.size()), cmp.Compare(b.skill, a.skill), cmp.Compare(a.members[0], b.members[0]))
	})
}

// split breaks up the largest group and returns an assignment, nil if there is
// still none.
func (p *problem) split() []int {
	p.sort()
	whole, rest := p.groups[0].members, p.groups[1:]
	for part := 1; part <= len(whole)/2; part++ {
		cut := len(whole) - part
		p.groups = append([]group{p.group(whole[:cut]), p.group(whole[cut:])}, rest...)
		if start := p.pack(); start != nil {
			return start
		}
	}
	return nil // halves
}
