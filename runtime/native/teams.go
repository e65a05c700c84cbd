package native

import (
	"context"

	"github.com/muster-gg/muster/sdk/hook"
)

// SmallestTeam wishes the team with the fewest humans for everybody who joins,
// among those with a seat that is free or a bot's; of equal ones the one with
// fewer bots, then the first. It differs from the built-in rule, which counts bots
// like humans while there is a free seat.
type SmallestTeam struct{}

var _ hook.TeamAssigner = SmallestTeam{}

// AssignTeam returns the team's name, "" when all are full of humans.
func (SmallestTeam) AssignTeam(_ context.Context, lobby *hook.Lobby, _ *hook.Player) (string, error) {
	wish, fewest, players := "", 0, 0
	for _, t := range lobby.GetTeams() {
		n := humans(t)
		if n >= int(t.GetSize()) {
			continue
		}
		if wish == "" || n < fewest || n == fewest && len(t.GetPlayers()) < players {
			wish, fewest, players = t.GetName(), n, len(t.GetPlayers())
		}
	}
	return wish, nil
}

func humans(t *hook.Team) int {
	n := 0
	for _, p := range t.GetPlayers() {
		if !p.GetBot() {
			n++
		}
	}
	return n
}

// KeepTeams lets everybody play where he stands, whatever hooks come after it.
type KeepTeams struct{}

var _ hook.TeamBalancer = KeepTeams{}

// BalanceTeams returns the teams as they are.
func (KeepTeams) BalanceTeams(_ context.Context, lobby *hook.Lobby) (*hook.Assignment, error) {
	a := &hook.Assignment{}
	for _, t := range lobby.GetTeams() {
		team := &hook.TeamAssignment{Name: t.GetName()}
		for _, p := range t.GetPlayers() {
			team.AccountIds = append(team.AccountIds, p.GetAccountId())
		}
		a.Teams = append(a.Teams, team)
	}
	return a, nil
}
