package main

import (
	"context"
	"math"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin"
)

// balancer distributes players so that the teams are equally strong.
type balancer struct {
	plugin.Base
	SkillProperty string  `setting:"skill_property" default:"skill" doc:"The player's property that holds a number: the skill."`
	StorageKey    string  `setting:"storage_key" doc:"The key of each account's stored rating, {\"rating\": 1500} or a number; it comes before the property."`
	PartyProperty string  `setting:"party_property" default:"party" doc:"Players who have the same value of this property play together."`
	DefaultSkill  float64 `setting:"default_skill" default:"1000" doc:"The skill of who has none."`
	BotSkill      float64 `setting:"bot_skill" default:"1000" doc:"The skill of a bot that has none."`
	UpdateRatings bool    `setting:"update_ratings" doc:"Change the stored ratings by each match's result (Elo)."`
	KFactor       float64 `setting:"k_factor" default:"32" doc:"How much one match may change a rating."`
}

var (
	_ hook.TeamBalancer  = (*balancer)(nil)
	_ hook.ResultAmender = (*balancer)(nil)
	_ plugin.Starter     = (*balancer)(nil)
)

// maxSkill bounds what a skill may be; beyond it sums lose their last digits.
const maxSkill = 1e9

// Start checks the settings.
func (b *balancer) Start(context.Context) error {
	for name, v := range map[string]float64{"default_skill": b.DefaultSkill, "bot_skill": b.BotSkill} {
		if math.Abs(v) > maxSkill {
			return plugin.BadSetting(name, "must be -1000000000 to 1000000000")
		}
	}
	switch {
	case len(b.StorageKey) > hook.MaxKey:
		return plugin.BadSetting("storage_key", "has over 128 bytes")
	case b.UpdateRatings && b.StorageKey == "":
		return plugin.BadSetting("update_ratings", "needs storage_key: ratings are kept there")
	case b.KFactor <= 0 || b.KFactor > 1000:
		return plugin.BadSetting("k_factor", "must be over 0, and 1000 at most")
	}
	return nil
}

// BalanceTeams answers the whole assignment.
func (b *balancer) BalanceTeams(ctx context.Context, lobby *hook.Lobby) (*hook.Assignment, error) {
	players, err := b.players(ctx, lobby)
	if err != nil || len(players) == 0 {
		return nil, err
	}
	teams := make([]team, len(lobby.GetTeams()))
	for i, t := range lobby.GetTeams() {
		teams[i] = team{name: t.GetName(), size: int(t.GetSize())}
	}
	where, err := balance(ctx, teams, players)
	if err != nil {
		return nil, err
	}
	answer := &hook.Assignment{}
	for t := range teams {
		a := &hook.TeamAssignment{Name: teams[t].name}
		for i, p := range players {
			if where[i] == t {
				a.AccountIds = append(a.AccountIds, p.id)
			}
		}
		answer.Teams = append(answer.Teams, a)
	}
	return answer, nil
}

// players lists everybody in the lobby, team by team, with skill and party.
func (b *balancer) players(ctx context.Context, lobby *hook.Lobby) ([]player, error) {
	ratings, err := b.stored(ctx, lobby)
	if err != nil {
		return nil, err
	}
	var players []player
	for i, t := range lobby.GetTeams() {
		for _, p := range t.GetPlayers() {
			players = append(players, player{id: p.GetAccountId(), skill: b.skill(p, ratings), party: b.party(p), now: i})
		}
	}
	return players, nil
}

// skill is a player's: stored, else of the property, else by default.
func (b *balancer) skill(p *hook.Player, ratings map[string]rating) float64 {
	if r, has := ratings[p.GetAccountId()]; has {
		return r.value
	}
	if n, is := p.GetProperties()[b.SkillProperty].GetKind().(*structpb.Value_NumberValue); is && usable(n.NumberValue) {
		return n.NumberValue
	}
	if p.GetBot() {
		return b.BotSkill
	}
	return b.DefaultSkill
}

func usable(skill float64) bool { return math.Abs(skill) <= maxSkill } // false for NaN

// party is the party's name; empty without one. 7 and "7" are two parties.
func (b *balancer) party(p *hook.Player) string {
	switch v := p.GetProperties()[b.PartyProperty]; v.GetKind().(type) {
	case *structpb.Value_StringValue:
		if v.GetStringValue() == "" {
			return ""
		}
	case *structpb.Value_NumberValue:
	default:
		return ""
	}
	data, err := hook.ValueToJSON(p.GetProperties()[b.PartyProperty])
	if err != nil || p.GetBot() {
		return ""
	}
	return string(data)
}
