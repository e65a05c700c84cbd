package native

import (
	"context"
	"fmt"

	"github.com/muster-gg/muster/sdk/hook"
)

// EveryTeamPlays refuses a start while a team has fewer than Players players.
type EveryTeamPlays struct {
	// Players that every team needs at least, bots included; 0 counts as 1.
	Players int
}

var _ hook.StartValidator = EveryTeamPlays{}

// ValidateStart names the first team that is too small.
func (e EveryTeamPlays) ValidateStart(_ context.Context, lobby *hook.Lobby) error {
	need := max(e.Players, 1)
	for _, t := range lobby.GetTeams() {
		if n := len(t.GetPlayers()); n < need {
			return hook.Refuse(fmt.Sprintf("Team %s has %d of %d players", t.GetName(), n, need), nil)
		}
	}
	return nil
}
