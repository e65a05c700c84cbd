package main

import (
	"context"
	"slices"
)

// exact searches all assignments for one that is better than best.
func (p *problem) exact(ctx context.Context, best *state) ([]int, error) {
	e := &exact{state: p.state(nil), best: slices.Clone(best.where), least: best.cost()}
	e.where = make([]int, len(p.groups))
	seats := 0
	for _, t := range p.teams {
		seats += max(t.size, 0)
	}
	e.minus, e.plus = make([]int64, len(p.groups)+1), make([]int64, len(p.groups)+1)
	for g := len(p.groups) - 1; g >= 0; g-- {
		e.minus[g] = e.minus[g+1] + min(p.groups[g].skill, 0)
		e.plus[g] = e.plus[g+1] + max(p.groups[g].skill, 0)
	}
	e.mean = float64(e.minus[0]+e.plus[0]) / float64(seats)
	e.most = p.most(e.least.uneven, len(p.players), seats)
	e.visit(ctx, 0)
	return e.best, ctx.Err()
}

// exact is a branch and bound over the groups, in their order.
type exact struct {
	*state
	best  []int
	least cost
	nodes int
	// stopped says that nobody waits any more.
	stopped bool
	// mean is the strength that all teams would have if they were equal.
	mean float64
	// most is how many players each team may have at most.
	most []int
	// minus and plus sum up the skill below and above 0 of the groups from an index on.
	minus, plus []int64
}

// visit tries every team for the groups from g on; it ends early with ctx.
func (e *exact) visit(ctx context.Context, g int) {
	if e.nodes++; e.nodes%4096 == 0 {
		e.stopped = ctx.Err() != nil
	}
	if e.stopped {
		return
	}
	if g == len(e.where) {
		if c := e.cost(); c.less(e.least) {
			e.least = c
			copy(e.best, e.where)
		}
		return
	}
	if e.hopeless(g) {
		return
	}
	first := 0
	if g > 0 && e.alike(g-1, g) { // to swap the two changes nothing
		first = e.where[g-1]
	}
	for t := first; t < len(e.p.teams); t++ {
		if e.counts[t]+e.p.groups[g].size() > e.most[t] {
			continue
		}
		e.add(g, t, 1)
		e.visit(ctx, g+1)
		e.add(g, t, -1)
	}
}

func (e *exact) alike(g, h int) bool {
	a, b := &e.p.groups[g], &e.p.groups[h]
	return a.size() == b.size() && a.skill == b.skill && slices.Equal(a.now, b.now)
}

// hopeless reports whether some team is, whatever comes, so strong or so weak that
// the spread is over the best known: one of the others is no better than the mean.
func (e *exact) hopeless(g int) bool {
	for t, sum := range e.sums {
		if size := float64(e.p.teams[t].size); size > 0 &&
			(float64(sum+e.minus[g])/size > e.mean+e.least.spread+epsilon ||
				float64(sum+e.plus[g])/size < e.mean-e.least.spread-epsilon) {
			return true
		}
	}
	return false
}

// most returns how many players may be in each team if the teams shall be no more
// uneven: the others hold the rest, at best all to the same part.
func (p *problem) most(uneven float64, players, seats int) []int {
	most := make([]int, len(p.teams))
	for t, own := range p.teams {
		for n := 1; n <= min(own.size, players); n++ {
			sum := float64(n*n) / float64(own.size)
			if rest := players - n; rest > 0 {
				if own.size == seats {
					break
				}
				sum += float64(rest*rest) / float64(seats-own.size)
			}
			if sum <= uneven+epsilon {
				most[t] = n
			}
		}
	}
	return most
}
