package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
)

// count returns how many players are in some teams, and how many of them are human.
func count(teams ...*hook.Team) (players, humans int) {
	for _, t := range teams {
		for _, p := range t.GetPlayers() {
			players++
			if !p.GetBot() {
				humans++
			}
		}
	}
	return players, humans
}

func (r *rules) numbers(lobby *hook.Lobby) string {
	players, humans := count(lobby.GetTeams()...)
	switch {
	case players < r.MinPlayers:
		return fmt.Sprintf("At least %s needed, %d here.", are(r.MinPlayers, "player"), players)
	case r.MaxPlayers > 0 && players > r.MaxPlayers:
		return fmt.Sprintf("At most %s allowed, %d here.", are(r.MaxPlayers, "player"), players)
	case humans < r.MinHumans:
		return fmt.Sprintf("At least %s needed who %s not bots, %d here.", are(r.MinHumans, "player"), verb(r.MinHumans), humans)
	}
	return ""
}

func (r *rules) teams(lobby *hook.Lobby) string {
	var least, most *hook.Team
	for _, t := range lobby.GetTeams() {
		players, humans := count(t)
		switch {
		case players < r.MinPerTeam:
			return fmt.Sprintf("Team %s needs at least %s.", t.GetName(), number(r.MinPerTeam, "player"))
		case r.RequireHumans && humans == 0:
			return fmt.Sprintf("Team %s needs a player who is not a bot.", t.GetName())
		}
		if least == nil || players < len(least.GetPlayers()) {
			least = t
		}
		if most == nil || players > len(most.GetPlayers()) {
			most = t
		}
	}
	difference := len(most.GetPlayers()) - len(least.GetPlayers())
	if r.MaxTeamDifference < 0 || difference <= r.MaxTeamDifference {
		return ""
	}
	allowed := "the teams must be of one size"
	if r.MaxTeamDifference > 0 {
		allowed = fmt.Sprintf("%d is allowed", r.MaxTeamDifference)
	}
	return fmt.Sprintf("Team %s has %s more than team %s; %s.", most.GetName(), number(difference, "player"), least.GetName(), allowed)
}

func (r *rules) bots(lobby *hook.Lobby) string {
	if players, humans := count(lobby.GetTeams()...); r.ForbidBots && players > humans {
		return "Bots are not allowed."
	}
	return ""
}

func (r *rules) properties(lobby *hook.Lobby) string {
	for _, key := range slices.Sorted(maps.Keys(r.RequiredProperties)) {
		var allowed []string
		for word := range strings.SplitSeq(r.RequiredProperties[key], "|") {
			allowed = append(allowed, strings.TrimSpace(word))
		}
		value, is := text(lobby.GetProperties()[key])
		switch {
		case !is:
			return fmt.Sprintf("The lobby must choose %s.", key)
		case !slices.Contains(allowed, "*") && !slices.Contains(allowed, value):
			return fmt.Sprintf("The lobby's %s must be %s.", key, strings.Join(allowed, " or "))
		}
	}
	return ""
}

// text is a value as the setting would write it; false for none.
func text(v *structpb.Value) (string, bool) {
	switch k := v.GetKind().(type) {
	case nil, *structpb.Value_NullValue:
		return "", false
	case *structpb.Value_StringValue:
		return k.StringValue, true
	}
	data, err := hook.ValueToJSON(v)
	return string(data), err == nil
}

// identities also tells each player who is the cause.
func (r *rules) identities(lobby *hook.Lobby) (string, map[string]string) {
	if r.RequireIdentity == "" {
		return "", nil
	}
	var names []string
	players := map[string]string{}
	for _, t := range lobby.GetTeams() {
		for _, p := range t.GetPlayers() {
			linked := slices.ContainsFunc(p.GetIdentities(), func(i *hook.LinkedIdentity) bool { return i.GetProvider() == r.RequireIdentity })
			if !p.GetBot() && !linked {
				names = append(names, p.GetUsername())
				players[p.GetAccountId()] = fmt.Sprintf("Link your %s account to play here.", r.RequireIdentity)
			}
		}
	}
	if len(names) == 0 {
		return "", nil
	}
	if more := len(names) - 3; more > 0 {
		names = append(names[:3], fmt.Sprintf("%d more", more))
	}
	return fmt.Sprintf("Not linked to %s: %s.", r.RequireIdentity, strings.Join(names, ", ")), players
}

func number(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func verb(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func are(n int, what string) string { return number(n, what) + " " + verb(n) }
