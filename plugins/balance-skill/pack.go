package main

import (
	"fmt"
	"slices"
)

// maxStates bounds how many ways of filling the teams are followed at once.
const maxStates = 4000

// filling is how many players of the groups so far are in each team.
type filling struct {
	counts []int
	from   *filling
	team   int // of the last group
}

// pack sorts the groups and returns an assignment that fits and fills the teams as
// evenly as can be, nil if groups must be split. Only the sizes of groups matter
// here, and teams of one size are alike, so there are few ways to tell apart.
func (p *problem) pack() []int {
	p.sort()
	layer := []*filling{{counts: make([]int, len(p.teams))}}
	parties := 0
	for ; parties < len(p.groups) && p.groups[parties].size() > 1; parties++ {
		if layer = p.next(layer, p.groups[parties].size()); len(layer) == 0 {
			return nil
		}
	}
	var best []int
	least := 0.0
	for _, f := range layer {
		singles := p.fill(f.counts, len(p.groups)-parties)
		if uneven := p.uneven(f.counts); best == nil || uneven < least-epsilon {
			least = uneven
			best = append(f.path(parties), singles...)
		}
	}
	return best
}

// next puts one more group into each team that has room for it.
func (p *problem) next(layer []*filling, size int) []*filling {
	seen := map[string]bool{}
	var out []*filling
	for _, f := range layer {
		for t := range p.teams {
			if f.counts[t]+size > p.teams[t].size {
				continue
			}
			counts := slices.Clone(f.counts)
			counts[t] += size
			if key := p.key(counts); !seen[key] && len(out) < maxStates {
				seen[key] = true
				out = append(out, &filling{counts, f, t})
			}
		}
	}
	return out
}

// key is the same for fillings in which teams of one size have changed places.
func (p *problem) key(counts []int) string {
	pairs := make([][2]int, len(counts))
	for t, n := range counts {
		pairs[t] = [2]int{p.teams[t].size, n}
	}
	slices.SortFunc(pairs, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	return fmt.Sprint(pairs)
}

// path lists the teams of the groups that led to f.
func (f *filling) path(n int) []int {
	teams := make([]int, n)
	for ; f.from != nil; f = f.from {
		n--
		teams[n] = f.team
	}
	return teams
}

// fill adds n single players to counts, each where the teams stay the most even,
// and returns their teams. Adding one by one is exact, since unevenness is convex.
func (p *problem) fill(counts []int, n int) []int {
	var teams []int
	for range n {
		best := -1
		for t, size := range sizes(p.teams) {
			if counts[t] < size && (best < 0 || (2*counts[t]+1)*p.teams[best].size < (2*counts[best]+1)*size) {
				best = t
			}
		}
		counts[best]++
		teams = append(teams, best)
	}
	return teams
}

func sizes(teams []team) []int {
	out := make([]int, len(teams))
	for i, t := range teams {
		out[i] = t.size
	}
	return out
}
