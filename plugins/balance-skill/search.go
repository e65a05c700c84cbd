package main

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
)

// team is a team that players can be put into.
type team struct {
	name string
	size int
}

// player is somebody to be put into a team.
type player struct {
	id    string
	skill float64
	// party is the same for players who belong together, empty for one alone.
	party string
	// now is the team that he is in.
	now int
}

// group is players who stay together: their indices.
type group struct {
	players []int
	skill   float64
}

// maxTries is how many distributions are tried one by one; beyond it a good one is
// looked for by exchanges.
const maxTries = 1 << 20

var errNoRoom = errors.New("the teams have no room for all players")

// balance returns the team of each player. What counts, in this order: parties
// are together, where the sizes of the teams allow it (else the largest is cut in
// two); the teams have equal numbers, as far as they can; the best and the worst
// team's skill on average differ as little as possible; few players move. With few
// players and teams the answer is the best there is. It is the same every time.
func balance(ctx context.Context, teams []team, players []player) ([]int, error) {
	room := 0
	for _, t := range teams {
		room += t.size
	}
	if room < len(players) {
		return nil, errNoRoom
	}
	groups := groupsOf(players)
	for {
		s := newSearch(teams, players, groups)
		if math.Pow(float64(len(teams)), float64(len(groups))) <= maxTries {
			s.all(0)
		} else {
			s.greedy()
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if s.best != nil {
			if len(groups) > 1 && math.Pow(float64(len(teams)), float64(len(groups))) > maxTries {
				s.exchange(ctx)
			}
			return s.answer(), nil
		}
		// Never for groups of one: there is room for all.
		groups = split(groups, players)
	}
}

// groupsOf are the parties and those alone, the largest first.
func groupsOf(players []player) []group {
	var groups []group
	at := map[string]int{}
	for i, p := range players {
		g, known := at[p.party]
		if p.party == "" || !known {
			g = len(groups)
			groups = append(groups, group{})
			at[p.party] = g
		}
		groups[g].players = append(groups[g].players, i)
		groups[g].skill += p.skill
	}
	sortGroups(groups, players)
	return groups
}

// sortGroups puts what is hard to place first. Ids make the order the same whoever
// came first.
func sortGroups(groups []group, players []player) {
	slices.SortFunc(groups, func(a, b group) int {
		return cmp.Or(
			cmp.Compare(len(b.players), len(a.players)),
			cmp.Compare(b.skill, a.skill),
			cmp.Compare(players[a.players[0]].id, players[b.players[0]].id),
		)
	})
}

// split cuts the largest group in two.
func split(groups []group, players []player) []group {
	first, rest := groups[0], slices.Clone(groups[1:])
	half := (len(first.players) + 1) / 2
	for _, part := range [][]int{first.players[:half], first.players[half:]} {
		g := group{players: part}
		for _, i := range part {
			g.skill += players[i].skill
		}
		rest = append(rest, g)
	}
	sortGroups(rest, players)
	return rest
}

// score is how bad a distribution is.
type score struct {
	uneven float64 // the squares of the numbers, together
	spread float64 // between the best and the worst team's average
	moved  int
}

// compare is negative when s is better. Differences of skill that come from
// rounding are none.
func (s score) compare(o score) int {
	if s.uneven != o.uneven {
		return cmp.Compare(s.uneven, o.uneven)
	}
	if math.Abs(s.spread-o.spread) > 1e-9*(1+math.Abs(s.spread)) {
		return cmp.Compare(s.spread, o.spread)
	}
	return cmp.Compare(s.moved, o.moved)
}

// search looks for the best distribution of groups.
type search struct {
	teams   []team
	players []player
	groups  []group

	where []int // the team of each group, as tried now
	count []int // players of each team
	sum   []float64
	moved int

	best []int // nil: none was found
	good score
}

func newSearch(teams []team, players []player, groups []group) *search {
	return &search{
		teams: teams, players: players, groups: groups,
		where: make([]int, len(groups)), count: make([]int, len(teams)), sum: make([]float64, len(teams)),
	}
}

// put adds a group to a team, or with sign -1 takes it out.
func (s *search) put(g, t, sign int) {
	s.where[g] = t
	s.count[t] += sign * len(s.groups[g].players)
	s.sum[t] += float64(sign) * s.groups[g].skill
	for _, i := range s.groups[g].players {
		if s.players[i].now != t {
			s.moved += sign
		}
	}
}

func (s *search) fits(g, t int) bool { return s.count[t]+len(s.groups[g].players) <= s.teams[t].size }

// all tries every team for the groups from g on.
func (s *search) all(g int) {
	if g == len(s.groups) {
		s.keep()
		return
	}
	for t := range s.teams {
		if s.fits(g, t) {
			s.put(g, t, 1)
			s.all(g + 1)
			s.put(g, t, -1)
		}
	}
}

// keep takes what is tried now if it is better than the best so far.
func (s *search) keep() bool {
	now := s.score()
	if s.best != nil && now.compare(s.good) >= 0 {
		return false
	}
	s.best, s.good = append(s.best[:0], s.where...), now
	return true
}

func (s *search) score() score {
	now := score{moved: s.moved}
	low, high := math.Inf(1), math.Inf(-1)
	for t, n := range s.count {
		if n > 0 {
			mean := s.sum[t] / float64(n)
			low, high = min(low, mean), max(high, mean)
			now.uneven += float64(n) * float64(n)
		}
	}
	if high > low {
		now.spread = high - low
	}
	return now
}

// greedy puts each group, the largest and best first, where fewest players are,
// and of equal ones where the skill is least.
func (s *search) greedy() {
	for g := range s.groups {
		to := -1
		for t := range s.teams {
			if !s.fits(g, t) {
				continue
			}
			if to < 0 || cmp.Or(cmp.Compare(s.count[t], s.count[to]), cmp.Compare(s.sum[t], s.sum[to])) < 0 {
				to = t
			}
		}
		if to < 0 {
			return // the groups do not fit in this order
		}
		s.put(g, to, 1)
	}
	s.keep()
}

// exchange moves groups and exchanges two of them as long as that is better.
func (s *search) exchange(ctx context.Context) {
	for better := true; better && ctx.Err() == nil; {
		better = false
		for a := range s.groups {
			for t := range s.teams {
				if from := s.where[a]; t != from && s.fits(a, t) {
					s.put(a, from, -1)
					s.put(a, t, 1)
					if s.keep() {
						better = true
						continue
					}
					s.put(a, t, -1)
					s.put(a, from, 1)
				}
			}
			for b := a + 1; b < len(s.groups); b++ {
				better = s.swap(a, b) || better
			}
		}
	}
}

// swap exchanges two groups if that is better.
func (s *search) swap(a, b int) bool {
	ta, tb := s.where[a], s.where[b]
	if ta == tb {
		return false
	}
	s.put(a, ta, -1)
	s.put(b, tb, -1)
	if s.fits(a, tb) && s.fits(b, ta) {
		s.put(a, tb, 1)
		s.put(b, ta, 1)
		if s.keep() {
			return true
		}
		s.put(a, tb, -1)
		s.put(b, ta, -1)
	}
	s.put(a, ta, 1)
	s.put(b, tb, 1)
	return false
}

// answer is the team of each player.
func (s *search) answer() []int {
	where := make([]int, len(s.players))
	for g, t := range s.best {
		for _, i := range s.groups[g].players {
			where[i] = t
		}
	}
	return where
}
