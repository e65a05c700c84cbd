package main

import (
	"context"
	"strings"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin"
)

// rules are what a lobby must keep for its match to start. Zero values ask nothing.
type rules struct {
	plugin.Base
	MinPlayers         int               `setting:"min_players" doc:"How many must be there, bots included."`
	MaxPlayers         int               `setting:"max_players" doc:"How many may be there, bots included; 0 is no limit."`
	MinHumans          int               `setting:"min_humans" doc:"How many must be there, bots not counted."`
	MinPerTeam         int               `setting:"min_per_team" doc:"How many every team needs, bots included."`
	MaxTeamDifference  int               `setting:"max_team_difference" default:"-1" doc:"By how many players the largest team may exceed the smallest; -1 is no limit."`
	RequireHumans      bool              `setting:"require_humans" doc:"Every team needs somebody who is no bot."`
	ForbidBots         bool              `setting:"forbid_bots" doc:"Nobody may be a bot."`
	RequiredProperties map[string]string `setting:"required_properties" doc:"Properties that the lobby must have, and their allowed values, separated by |; * allows any."`
	RequireIdentity    string            `setting:"require_identity" doc:"A provider that everybody must have linked, as in the game's auth list."`
}

var (
	_ hook.StartValidator = (*rules)(nil)
	_ plugin.Starter      = (*rules)(nil)
)

// Start checks that the rules can be kept.
func (r *rules) Start(ctx context.Context) error {
	for name, n := range map[string]int{
		"min_players": r.MinPlayers, "max_players": r.MaxPlayers, "min_humans": r.MinHumans, "min_per_team": r.MinPerTeam,
	} {
		if n < 0 {
			return plugin.BadSetting(name, "must not be below 0")
		}
	}
	switch {
	case r.MaxTeamDifference < -1:
		return plugin.BadSetting("max_team_difference", "must be -1 or more")
	case r.MaxPlayers > 0 && r.MinPlayers > r.MaxPlayers:
		return plugin.BadSetting("min_players", "is over max_players: no match could start")
	case r.MaxPlayers > 0 && r.MinHumans > r.MaxPlayers:
		return plugin.BadSetting("min_humans", "is over max_players: no match could start")
	}
	for key, allowed := range r.RequiredProperties {
		if key == "" || strings.TrimSpace(allowed) == "" {
			return plugin.BadSetting("required_properties", "has a key without allowed values; * allows any")
		}
	}
	return nil
}

// ValidateStart refuses with all that is wrong, so that nobody has to find out one
// by one.
func (r *rules) ValidateStart(_ context.Context, lobby *hook.Lobby) error {
	var reasons []string
	for _, rule := range []func(*hook.Lobby) string{r.numbers, r.teams, r.bots, r.properties} {
		if reason := rule(lobby); reason != "" {
			reasons = append(reasons, reason)
		}
	}
	reason, players := r.identities(lobby)
	if reason != "" {
		reasons = append(reasons, reason)
	}
	if len(reasons) == 0 {
		return nil
	}
	return hook.Refuse(strings.Join(reasons, " "), players)
}
