package main

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

// Bounds of the work.
const (
	// exactUpTo is how many assignments are searched through to the end: 12 groups in
	// three teams, 19 in two.
	exactUpTo = 600_000
	// maxWork is how many changes are weighed for larger lobbies, times the teams that
	// each is weighed over.
	maxWork = 300_000
)

// solve returns the best assignment that it finds; start is one that fits. Of few
// groups that is the best there is.
func (p *problem) solve(ctx context.Context, start []int) ([]int, error) {
	search := &search{p: p, left: maxWork / len(p.teams)}
	var best *state
	for _, where := range [][]int{p.greedy(), p.stay(), start} {
		if where == nil {
			continue
		}
		if s := search.improve(ctx, p.state(where)); best == nil || s.cost().less(best.cost()) {
			best = s
		}
	}
	if math.Pow(float64(len(p.teams)), float64(len(p.groups))) <= exactUpTo {
		return p.exact(ctx, best)
	}
	// Shaken a little, a good assignment may settle as a better one. The seed is
	// constant: the same lobby gets the same teams.
	random := rand.New(rand.NewPCG(1, 2))
	for search.left > 0 && ctx.Err() == nil && best.cost().spread > epsilon {
		s := p.state(best.where)
		for range 2 + random.IntN(4) {
			s.shake(random)
		}
		if s = search.improve(ctx, s); s.cost().less(best.cost()) {
			best = s
		}
	}
	return best.where, ctx.Err()
}

// shake lets two groups of one size change their places.
func (s *state) shake(random *rand.Rand) {
	g, h := random.IntN(len(s.where)), random.IntN(len(s.where))
	if a, b := s.where[g], s.where[h]; s.p.groups[g].size() == s.p.groups[h].size() {
		s.move(g, b)
		s.move(h, a)
	}
}

// greedy puts each group, the largest and strongest first, into the weakest team
// with room for it; nil if one finds none.
func (p *problem) greedy() []int {
	s := p.state(nil)
	s.where = make([]int, len(p.groups))
	for g := range p.groups {
		best := -1
		for t, size := range sizes(p.teams) {
			if s.counts[t]+p.groups[g].size() <= size &&
				(best < 0 || float64(s.sums[t])/float64(size) < float64(s.sums[best])/float64(p.teams[best].size)) {
				best = t
			}
		}
		if best < 0 {
			return nil
		}
		s.add(g, best, 1)
	}
	return s.where
}

// stay is everybody where he is; nil if that does not fit, or parts a group.
func (p *problem) stay() []int {
	where := make([]int, len(p.groups))
	for g := range p.groups {
		t := slices.Index(p.groups[g].now, p.groups[g].size())
		if t < 0 {
			return nil
		}
		where[g] = t
	}
	if s := p.state(where); !slices.ContainsFunc(where, func(t int) bool { return !s.fits(t) }) {
		return where
	}
	return nil
}
