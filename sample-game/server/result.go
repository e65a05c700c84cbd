package main

import (
	"github.com/muster-gg/muster/sample-game/server/sim"
	"github.com/muster-gg/muster/sdk/gameserver"
)

// resultOf is what the backend is told: ranks of teams, scores of players.
func resultOf(w *sim.World, r roster) gameserver.Result {
	winner := w.Winner()
	var result gameserver.Result
	for team, name := range r.teams {
		rank := 1
		if winner >= 0 && team != winner {
			rank = 2
		}
		result.Teams = append(result.Teams, gameserver.TeamResult{Name: name, Rank: rank})
	}
	for i, p := range r.players {
		f := &w.Figures[i]
		result.Players = append(result.Players, gameserver.PlayerResult{
			AccountID: p.ID, Score: float64(f.Points), Stats: map[string]any{"steals": f.Steals},
		})
	}
	return result
}
