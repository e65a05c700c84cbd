package hooks

import (
	"math"

	"github.com/muster-gg/muster/sdk/hook"
)

func checkAssignment(a *hook.Assignment, l *hook.Lobby) *failure {
	if a == nil {
		return nil
	}
	sizes, missing := map[string]int{}, membersOf(l)
	left := len(missing)
	for _, t := range l.GetTeams() {
		sizes[t.GetName()] = int(t.GetSize())
	}
	named := people{}
	for _, t := range a.GetTeams() {
		size, known := sizes[t.GetName()]
		switch {
		case !known:
			return broken("unknown_team", "%.64q", t.GetName())
		case named[t.GetName()]:
			return broken("team_twice", "%q", t.GetName())
		case len(t.GetAccountIds()) > size:
			return broken("team_full", "%q has %d of %d", t.GetName(), len(t.GetAccountIds()), size)
		}
		named[t.GetName()] = true
		for _, id := range t.GetAccountIds() {
			switch absent, member := missing[id]; {
			case !member:
				return broken("unknown_player", "%.64q", id)
			case !absent:
				return broken("player_twice", "%q", id)
			}
			missing[id] = false
			left--
		}
	}
	if left > 0 {
		return broken("missing_player", "%d of %d", left, len(missing))
	}
	return nil
}

// reserved are the platform's own keys of the launch payload.
func reserved(key string) bool {
	switch key {
	case "matchId", "lobbyId", "game", "region", "players", "teamA", "teamB", "teams", "properties",
		"resultUrl", "resultToken", "ticketKey":
		return true
	}
	return false
}

// checkPayload checks what a hook added, and the size of the sum.
func checkPayload(added, sum *hook.Payload) *failure {
	if added == nil {
		return nil
	}
	for k := range added.GetKeys() {
		if reserved(k) {
			return broken("reserved_key", "%q", k)
		}
	}
	if f := checkText("region", added.GetRegion(), maxName); f != nil {
		return f
	}
	if f := checkText("provider", added.GetProvider(), maxName); f != nil {
		return f
	}
	return checkValues("keys", sum.GetKeys(), math.MaxInt, maxPayloadBytes)
}

func checkReport(r *hook.Report, l *hook.Lobby) *failure {
	if r == nil {
		return nil
	}
	missing := map[string]bool{}
	for _, t := range l.GetTeams() {
		missing[t.GetName()] = true
	}
	for _, t := range r.GetTeams() {
		if !missing[t.GetName()] {
			return broken("bad_team", "%.64q is not of the match, or stands twice", t.GetName())
		}
		delete(missing, t.GetName())
		if t.GetRank() < 1 || int(t.GetRank()) > len(l.GetTeams()) {
			return broken("bad_rank", "%d", t.GetRank())
		}
	}
	if len(missing) > 0 {
		return broken("missing_team", "%d", len(missing))
	}
	total, f := sizeOf("properties", r.GetProperties(), maxReportBytes)
	if f == nil && len(r.GetProperties()) > maxReportKeys {
		f = broken("too_many", "properties has %d keys", len(r.GetProperties()))
	}
	if f != nil {
		return f
	}
	members := membersOf(l)
	for _, p := range r.GetPlayers() {
		if !members[p.GetAccountId()] {
			return broken("bad_player", "%.64q is not of the match, or stands twice", p.GetAccountId())
		}
		delete(members, p.GetAccountId())
		if s := p.GetScore(); math.IsNaN(s) || math.IsInf(s, 0) {
			return broken("bad_score", "%v", s)
		}
		if len(p.GetStats()) > maxReportKeys {
			return broken("too_many", "stats has %d keys", len(p.GetStats()))
		}
		n, f := sizeOf("stats", p.GetStats(), maxReportBytes-total)
		if f != nil {
			return f
		}
		total += n
	}
	return nil
}
