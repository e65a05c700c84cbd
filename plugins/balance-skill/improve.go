package main

import "context"

// search improves assignments step by step, until left is used up.
type search struct {
	p    *problem
	left int
}

// move takes a group to a team.
type move struct{ group, team int }

// improve makes single changes that make the assignment better, until there is
// none. It changes s and returns it.
func (x *search) improve(ctx context.Context, s *state) *state {
	for better := true; better && x.left > 0 && ctx.Err() == nil; {
		better = x.pass(s)
	}
	return s
}

// pass tries: one group goes to another team, two groups change places, a party
// changes places with as many single players.
func (x *search) pass(s *state) (better bool) {
	for g := range s.where {
		for t := range x.p.teams {
			if t != s.where[g] {
				better = x.try(s, move{g, t}) || x.exchange(s, g, t) || better
			}
		}
		for h := g + 1; h < len(s.where); h++ {
			if s.where[g] != s.where[h] {
				better = x.try(s, move{g, s.where[h]}, move{h, s.where[g]}) || better
			}
		}
	}
	return better
}

// try makes the moves if that is better, and reports it.
func (x *search) try(s *state, moves ...move) bool {
	if x.left--; x.left < 0 {
		return false
	}
	before, fits := s.cost(), true
	var room [8]int
	from := room[:0]
	for _, m := range moves {
		from = append(from, s.where[m.group])
		s.move(m.group, m.team)
	}
	for i, m := range moves {
		fits = fits && s.fits(m.team) && s.fits(from[i])
	}
	if fits && s.cost().less(before) {
		return true
	}
	for i, m := range moves {
		s.move(m.group, from[i])
	}
	return false
}

// exchange tries the party g in the place of single players of team t: those next
// to each other in strength.
func (x *search) exchange(s *state, g, t int) bool {
	n := x.p.groups[g].size()
	if n == 1 {
		return false
	}
	var singles []int // the strongest first, as groups are sorted
	for h := range s.where {
		if s.where[h] == t && x.p.groups[h].size() == 1 {
			singles = append(singles, h)
		}
	}
	moves := make([]move, n+1)
	for first := 0; first+n <= len(singles); first++ {
		moves[0] = move{g, t}
		for i, h := range singles[first : first+n] {
			moves[i+1] = move{h, s.where[g]}
		}
		if x.try(s, moves...) {
			return true
		}
	}
	return false
}
