package main

import (
	"fmt"

	"github.com/muster-gg/muster/sample-game/server/sim"
	"github.com/muster-gg/muster/sdk/gameserver"
)

// maxSeats bounds the figures of a match.
const maxSeats = 64

// roster is who plays: players in the order of their indexes.
type roster struct {
	teams   [2]string
	players []seat
	index   map[string]int // of account ids
	humans  int
}

// seat is a player as pages see him.
type seat struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Team int    `json:"team"`
	Bot  bool   `json:"bot"`
}

func newRoster(p *gameserver.Payload) (roster, error) {
	r := roster{index: map[string]int{}}
	if len(p.Teams) != len(r.teams) {
		return r, fmt.Errorf("the match has %d teams, Sparks is for two", len(p.Teams))
	}
	for team, t := range p.Teams {
		r.teams[team] = t.Name
		for _, m := range t.Players {
			if _, twice := r.index[m.AccountID]; twice || m.AccountID == "" {
				return r, fmt.Errorf("account %q stands twice, or has no id", m.AccountID)
			}
			r.index[m.AccountID] = len(r.players)
			r.players = append(r.players, seat{ID: m.AccountID, Name: m.Username, Team: team, Bot: m.Bot})
			if !m.Bot {
				r.humans++
			}
		}
	}
	if n := len(r.players); n == 0 || n > maxSeats {
		return r, fmt.Errorf("the match has %d players, 1 to %d can play", n, maxSeats)
	}
	return r, nil
}

func (r roster) seats() []sim.Seat {
	seats := make([]sim.Seat, len(r.players))
	for i, p := range r.players {
		seats[i] = sim.Seat{Team: p.Team, Bot: p.Bot}
	}
	return seats
}

// human is the index of a person's figure.
func (r roster) human(id string) (int, bool) {
	i, ok := r.index[id]
	return i, ok && !r.players[i].Bot
}
