package main

import "math"

// epsilon is below every difference that counts.
const epsilon = 1e-6

// cost is how good an assignment is that keeps groups together: less is better,
// uneven before spread before moved.
type cost struct {
	// uneven is the sum of squares of the teams' players by their sizes; least when
	// all are filled to the same part.
	uneven float64
	// spread is the strongest team's strength less the weakest's.
	spread float64
	// moved is how many players change their team.
	moved int
}

func (c cost) less(d cost) bool {
	if math.Abs(c.uneven-d.uneven) > epsilon {
		return c.uneven < d.uneven
	}
	if math.Abs(c.spread-d.spread) > epsilon {
		return c.spread < d.spread
	}
	return c.moved < d.moved
}

func (p *problem) uneven(counts []int) float64 {
	sum := 0.0
	for t, n := range counts {
		if n > 0 {
			sum += float64(n*n) / float64(p.teams[t].size)
		}
	}
	return sum
}

// spread is in thousandths of skill. Teams without seats have no strength.
func (p *problem) spread(sums []int64) float64 {
	low, high := math.Inf(1), math.Inf(-1)
	for t, sum := range sums {
		if size := p.teams[t].size; size > 0 {
			strength := float64(sum) / float64(size)
			low, high = min(low, strength), max(high, strength)
		}
	}
	return high - low
}

// state is an assignment of groups with its sums.
type state struct {
	p      *problem
	where  []int // the team of each group
	counts []int
	sums   []int64
	moved  int
}

func (p *problem) state(where []int) *state {
	s := &state{p: p, where: make([]int, len(where)), counts: make([]int, len(p.teams)), sums: make([]int64, len(p.teams))}
	for g := range where {
		s.add(g, where[g], 1)
	}
	return s
}

// add puts a group into a team, or with -1 takes it out.
func (s *state) add(g, t, sign int) {
	group := &s.p.groups[g]
	s.where[g] = t
	s.counts[t] += sign * group.size()
	s.sums[t] += int64(sign) * group.skill
	s.moved += sign * (group.size() - group.now[t])
}

func (s *state) move(g, t int) {
	s.add(g, s.where[g], -1)
	s.add(g, t, 1)
}

func (s *state) fits(t int) bool { return s.counts[t] <= s.p.teams[t].size }

func (s *state) cost() cost {
	return cost{s.p.uneven(s.counts), s.p.spread(s.sums), s.moved}
}
