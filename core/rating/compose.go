package rating

import (
	"encoding/json"
	"fmt"

	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/match"
	"github.com/muster-gg/muster/core/store"
	"github.com/muster-gg/muster/core/store/matchdoc"
)

// compose makes the report of a recorded match. Bots have no rating, and who was
// erased is nobody any more: they are left out, and so is a team that has no other
// players. ok is false when fewer than two teams are left, which says nothing about
// anybody's skill.
func compose(m store.Match) (report gameflow.RatedMatch, ok bool, err error) {
	var teams []lobby.RosterTeam
	if err := json.Unmarshal(m.Roster, &teams); err != nil {
		return report, false, fmt.Errorf("roster: %w", err)
	}
	var result match.Result
	if err := json.Unmarshal(m.Result, &result); err != nil {
		return report, false, fmt.Errorf("result: %w", err)
	}
	ranks := map[string]int{}
	for _, t := range result.Teams {
		ranks[t.Name] = t.Rank
	}
	report.ID = m.ID
	for _, t := range teams {
		rated := gameflow.RatedTeam{Rank: ranks[t.Name]}
		for _, p := range t.Players {
			if !p.Bot && p.AccountID != matchdoc.Erased {
				rated.Players = append(rated.Players, gameflow.RatedPlayer{ID: p.AccountID, Name: p.Username})
			}
		}
		if rated.Rank == 0 {
			return report, false, fmt.Errorf("the result does not rank team %q", t.Name)
		}
		if rated.Players != nil {
			report.Teams = append(report.Teams, rated)
		}
	}
	return report, len(report.Teams) >= 2, nil
}
