package main

import (
	"context"
	"errors"
	"math"

	"golang.org/x/sync/errgroup"

	"github.com/muster-gg/muster/sdk/hook"
)

// MatchResult changes the ratings of those who played, by Elo's rule: a team is as
// strong as its players on average, each pair of teams is one game, and every
// player's rating changes as the team's does. The report stays as it is.
func (b *balancer) MatchResult(ctx context.Context, match *hook.Match, report *hook.Report) (*hook.Report, error) {
	if !b.UpdateRatings {
		return nil, nil
	}
	ratings, err := b.stored(ctx, match.GetLobby())
	if err != nil {
		return nil, err
	}
	for id, r := range ratings {
		ratings[id] = r.without(match.GetId())
	}
	ranks := map[string]int32{}
	for _, t := range report.GetTeams() {
		ranks[t.GetName()] = t.GetRank()
	}
	var played []side
	for _, t := range match.GetLobby().GetTeams() {
		rank, ranked := ranks[t.GetName()]
		if n := len(t.GetPlayers()); n > 0 && ranked {
			s := side{team: t, rank: rank}
			for _, p := range t.GetPlayers() {
				s.strength += b.skill(p, ratings) / float64(n)
			}
			played = append(played, s)
		}
	}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(maxCalls)
	for i, change := range changes(played, b.KFactor) {
		for _, p := range played[i].team.GetPlayers() {
			if !p.GetBot() {
				group.Go(func() error { return b.apply(within, match.GetId(), p, change) })
			}
		}
	}
	return nil, group.Wait()
}

// side is a team that played.
type side struct {
	team     *hook.Team
	strength float64
	rank     int32
}

// changes returns by how much the rating of each side's players changes; the sum
// over the sides is 0.
func changes(sides []side, k float64) []float64 {
	out := make([]float64, len(sides))
	for i, s := range sides {
		for j, other := range sides {
			if i == j {
				continue
			}
			score := 0.5
			switch {
			case s.rank < other.rank:
				score = 1
			case s.rank > other.rank:
				score = 0
			}
			expected := 1 / (1 + math.Pow(10, (other.strength-s.strength)/400))
			out[i] += k / float64(len(sides)-1) * (score - expected)
		}
	}
	return out
}

// attempts is how often a write is tried that others are faster than.
const attempts = 4

// apply writes one player's new rating.
func (b *balancer) apply(ctx context.Context, match string, p *hook.Player, change float64) error {
	for try := 1; ; try++ {
		r, has, err := b.read(ctx, p.GetAccountId())
		if err != nil {
			return err
		}
		if !has {
			r.value = b.skill(p, nil)
		}
		r = r.without(match)
		before := r.value
		r.value, r.matches, r.match, r.before = max(-maxSkill, min(before+change, maxSkill)), r.matches+1, match, &before
		data, err := r.encode()
		if err != nil {
			return err
		}
		_, err = hook.HostFrom(ctx).Storage().Set(ctx, p.GetAccountId(), b.StorageKey, data, r.version)
		switch {
		case errors.Is(err, hook.ErrNoScope): // erased meanwhile
			return nil
		case !errors.Is(err, hook.ErrConflict) || try == attempts:
			return err
		}
	}
}
