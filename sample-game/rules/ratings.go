package main

import (
	"context"
	"encoding/json"
	"errors"
	"math"

	"github.com/muster-gg/muster/sdk/hook"
)

const (
	// begin is the rating that everybody begins with, bots for ever.
	begin = 1000
	// step is the most that one match can move a rating.
	step = 32
)

// outcome is one team of a match that is over; rank 1 won.
type outcome struct {
	rank    int
	players []*hook.Player
}

// standing is what is stored of an account; it is erased with the account.
type standing struct {
	Username string  `json:"username"`
	Rating   float64 `json:"rating"`
	Played   int     `json:"played"`
	Won      int     `json:"won"`
	// Match is the last one counted, so that a result which comes twice counts once.
	Match string `json:"match"`
	// Change is what that match did to the rating.
	Change float64 `json:"change"`
}

// rated is an account with its standing.
type rated struct {
	account string
	standing
}

func outcomes(match *hook.Match, report *hook.Report) []outcome {
	var teams []outcome
	for _, result := range report.Teams {
		o := outcome{rank: int(result.Rank)}
		for _, team := range match.GetLobby().GetTeams() {
			if team.Name == result.Name {
				o.players = humans(team.Players)
			}
		}
		teams = append(teams, o)
	}
	return teams
}

// ratingsOf are the ratings of players by account id.
func ratingsOf(ctx context.Context, players []*hook.Player) (map[string]float64, error) {
	ratings := make(map[string]float64, len(players))
	for _, p := range players {
		s, found, err := standingOf(ctx, p.AccountId)
		if err != nil {
			return nil, err
		}
		ratings[p.AccountId] = begin
		if found {
			ratings[p.AccountId] = s.Rating
		}
	}
	return ratings, nil
}

func standingOf(ctx context.Context, account string) (s standing, found bool, err error) {
	entries, err := hook.HostFrom(ctx).Storage().Get(ctx, account, "standing")
	if err != nil || len(entries) == 0 {
		return s, false, err
	}
	return s, true, json.Unmarshal(entries[0].Value, &s)
}

// newRatings are the ratings after a match: each team against the mean of the others.
func newRatings(teams []outcome, before map[string]float64) map[string]float64 {
	mean := func(o outcome) float64 {
		if len(o.players) == 0 {
			return begin
		}
		sum := 0.0
		for _, p := range o.players {
			sum += before[p.AccountId]
		}
		return sum / float64(len(o.players))
	}
	after := map[string]float64{}
	for i, team := range teams {
		gain := 0.0
		for j, other := range teams {
			if i == j {
				continue
			}
			score := 0.5
			if team.rank < other.rank {
				score = 1
			} else if team.rank > other.rank {
				score = 0
			}
			expected := 1 / (1 + math.Pow(10, (mean(other)-mean(team))/400))
			gain += step * (score - expected) / float64(len(teams)-1)
		}
		for _, p := range team.players {
			after[p.AccountId] = math.Round(before[p.AccountId] + gain)
		}
	}
	return after
}

// saveResult stores what a match changed and answers who stands where now.
func saveResult(ctx context.Context, match string, teams []outcome, ratings map[string]float64) ([]rated, error) {
	best, winners := math.MaxInt, 0
	for _, team := range teams {
		if team.rank < best {
			best, winners = team.rank, 0
		}
		if team.rank == best {
			winners++
		}
	}
	var saved []rated
	for _, team := range teams {
		for _, p := range team.players {
			s, err := update(ctx, p.AccountId, "standing", func(old standing) standing {
				if old.Match == match {
					return old
				}
				if old.Played == 0 {
					old.Rating = begin
				}
				rating := ratings[p.AccountId]
				old.Username, old.Match, old.Played = p.Username, match, old.Played+1
				old.Rating, old.Change = rating, rating-old.Rating
				if team.rank == best && winners == 1 {
					old.Won++
				}
				return old
			})
			if errors.Is(err, hook.ErrNoScope) {
				continue // erased during the match
			}
			if err != nil {
				return nil, err
			}
			saved = append(saved, rated{p.AccountId, s})
		}
	}
	return saved, nil
}

// tries is how often an update is begun anew because somebody else was faster.
const tries = 8

// update changes one stored value; change gets the zero value where none is stored.
func update[T any](ctx context.Context, account, key string, change func(T) T) (T, error) {
	storage := hook.HostFrom(ctx).Storage()
	for try := 1; ; try++ {
		var old T
		version := hook.NoVersion
		entries, err := storage.Get(ctx, account, key)
		if err != nil {
			return old, err
		}
		if len(entries) > 0 {
			version = entries[0].Version
			if err := json.Unmarshal(entries[0].Value, &old); err != nil {
				return old, err
			}
		}
		next := change(old)
		value, err := json.Marshal(next)
		if err != nil {
			return next, err
		}
		_, err = storage.Set(ctx, account, key, value, version)
		if !errors.Is(err, hook.ErrConflict) || try == tries {
			return next, err
		}
	}
}
