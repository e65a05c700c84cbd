package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-gg/muster/sdk/hook"
)

// fair is a team's lead in rating for each of its seats below which nobody has to move.
const fair = 60

// fairTeams makes teams of equal size with ratings as equal as a simple rule makes
// them; nil if they are fair already.
func fairTeams(lobby *hook.Lobby, ratings map[string]float64) *hook.Assignment {
	rating := func(id string) float64 {
		if r, known := ratings[id]; known {
			return r
		}
		return begin
	}
	sum := func(ids []string) (total float64) {
		for _, id := range ids {
			total += rating(id)
		}
		return total
	}
	var all []string
	now := make([][]string, len(lobby.Teams))
	for i, team := range lobby.Teams {
		for _, p := range team.Players {
			now[i] = append(now[i], p.AccountId)
		}
		all = append(all, now[i]...)
	}
	if isFair(now, sum) {
		return nil
	}
	// The best first, each to the weaker of the teams that are short of players.
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(rating(b), rating(a)) })
	made := &hook.Assignment{}
	for _, team := range lobby.Teams {
		made.Teams = append(made.Teams, &hook.TeamAssignment{Name: team.Name})
	}
	for _, id := range all {
		var to *hook.TeamAssignment
		for i, team := range made.Teams {
			if len(team.AccountIds) >= int(lobby.Teams[i].Size) {
				continue
			}
			if to == nil || cmp.Or(cmp.Compare(len(team.AccountIds), len(to.AccountIds)), cmp.Compare(sum(team.AccountIds), sum(to.AccountIds))) < 0 {
				to = team
			}
		}
		to.AccountIds = append(to.AccountIds, id)
	}
	return made
}

func isFair(teams [][]string, sum func([]string) float64) bool {
	var sizes []int
	var sums []float64
	for _, ids := range teams {
		sizes, sums = append(sizes, len(ids)), append(sums, sum(ids))
	}
	small, large := slices.Min(sizes), slices.Max(sizes)
	if small != large {
		return large-small <= 1
	}
	return slices.Max(sums)-slices.Min(sums) <= fair*float64(large)
}

// words is "2 and 1".
func words(sizes []int) string {
	return strings.Join(strings.Fields(strings.Trim(fmt.Sprint(sizes), "[]")), " and ")
}
