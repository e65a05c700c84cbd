package main

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/plugintest"
)

// lobbyOf makes teams of players: a letter is a human, one in upper case is linked
// to discord, a dot is a bot.
func lobbyOf(teams string, properties map[string]*structpb.Value) *hook.Lobby {
	l := &hook.Lobby{Properties: properties}
	for i, list := range strings.Split(teams, ",") {
		team := &hook.Team{Name: string(rune('A' + i)), Size: 4}
		for j, c := range list {
			p := &hook.Player{AccountId: fmt.Sprintf("%c%d%d", c, i, j), Username: string(c), Bot: c == '.'}
			if c >= 'A' && c <= 'Z' {
				p.Identities = []*hook.LinkedIdentity{{Provider: "anonymous"}, {Provider: "discord"}}
			}
			team.Players = append(team.Players, p)
		}
		l.Teams = append(l.Teams, team)
	}
	return l
}

func TestRules(t *testing.T) {
	text := func(s string) map[string]*structpb.Value {
		return map[string]*structpb.Value{"map": structpb.NewStringValue(s)}
	}
	for name, c := range map[string]struct {
		settings   map[string]any
		teams      string
		properties map[string]*structpb.Value
		want       string // empty: it may start
	}{
		"no rules":           {nil, ",", nil, ""},
		"enough":             {map[string]any{"min_players": 2}, "a,.", nil, ""},
		"too few":            {map[string]any{"min_players": 3}, "a,.", nil, "At least 3 players are needed, 2 here."},
		"too many":           {map[string]any{"max_players": 1}, "a,b", nil, "At most 1 player is allowed, 2 here."},
		"too few humans":     {map[string]any{"min_humans": 2}, "a,.", nil, "At least 2 players are needed who are not bots, 1 here."},
		"an empty team":      {map[string]any{"min_per_team": 1}, "a,", nil, "Team B needs at least 1 player."},
		"a team of bots":     {map[string]any{"require_humans": true}, "a,..", nil, "Team B needs a player who is not a bot."},
		"even":               {map[string]any{"max_team_difference": 0}, "ab,cd", nil, ""},
		"uneven":             {map[string]any{"max_team_difference": 0}, "ab,c", nil, "Team A has 1 player more than team B; the teams must be of one size."},
		"within one":         {map[string]any{"max_team_difference": 1}, "ab,c", nil, ""},
		"over one":           {map[string]any{"max_team_difference": 1}, "abd,c", nil, "Team A has 2 players more than team B; 1 is allowed."},
		"a bot":              {map[string]any{"forbid_bots": true}, "a,.", nil, "Bots are not allowed."},
		"no map":             {map[string]any{"required_properties": map[string]string{"map": "docks | hills"}}, "a,b", nil, "The lobby must choose map."},
		"another map":        {map[string]any{"required_properties": map[string]string{"map": "docks | hills"}}, "a,b", text("moon"), "The lobby's map must be docks or hills."},
		"a good map":         {map[string]any{"required_properties": map[string]string{"map": "docks | hills"}}, "a,b", text("hills"), ""},
		"any map":            {map[string]any{"required_properties": map[string]string{"map": "*"}}, "a,b", text("moon"), ""},
		"linked":             {map[string]any{"require_identity": "discord"}, "A,B.", nil, ""},
		"not linked":         {map[string]any{"require_identity": "discord"}, "A,b.", nil, "Not linked to discord: b."},
		"many not linked":    {map[string]any{"require_identity": "discord"}, "abcd,efgh", nil, "Not linked to discord: a, b, c, 5 more."},
		"everything at once": {map[string]any{"min_players": 3, "forbid_bots": true}, "a,.", nil, "At least 3 players are needed, 2 here. Bots are not allowed."},
	} {
		t.Run(name, func(t *testing.T) {
			plugin := plugintest.Start(t, &rules{}, c.settings)
			err := plugin.ValidateStart(t.Context(), lobbyOf(c.teams, c.properties))
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if refusal, is := hook.AsRefusal(err); !is || refusal.GetReason() != c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestPersonal: who is the cause is told so.
func TestPersonal(t *testing.T) {
	plugin := plugintest.Start(t, &rules{}, map[string]any{"require_identity": "discord"})
	refusal, is := hook.AsRefusal(plugin.ValidateStart(t.Context(), lobbyOf("A,b.", nil)))
	if !is || len(refusal.GetPlayerReasons()) != 1 || refusal.GetPlayerReasons()["b10"] != "Link your discord account to play here." {
		t.Errorf("%v", refusal)
	}
}

func TestSettings(t *testing.T) {
	for says, settings := range map[string]map[string]any{
		"min_players":         {"min_players": -1},
		"max_team_difference": {"max_team_difference": -2},
		"no match could":      {"min_players": 5, "max_players": 4},
		"min_humans":          {"min_humans": 5, "max_players": 4},
		"required_properties": {"required_properties": map[string]string{"map": " "}},
	} {
		if err := plugintest.StartError(t, &rules{}, settings); !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v", settings, err)
		}
	}
}
