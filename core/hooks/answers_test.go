package hooks_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/sdk/hook"
)

type values = map[string]*structpb.Value

// many has n keys with a value each.
func many(n int, v *structpb.Value) values {
	m := values{}
	for i := range n {
		m[fmt.Sprintf("k%d", i)] = v
	}
	return m
}

// nested is an array in an array, n deep.
func nested(n int) *structpb.Value {
	v := structpb.NewNullValue()
	for range n {
		v = structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{v}})
	}
	return v
}

// badProperties break the limits of properties, by the code that says so.
func badProperties() map[string]values {
	return map[string]values{
		"too_many": many(33, text("")), "too_large": {"k": text(strings.Repeat("x", 4<<10))},
		"bad_key: properties has an empty": {"": text("x")}, "too_long": {strings.Repeat("k", 65): text("")},
		"bad_text": {"a\x00b": text("")}, "bad_value: properties: \"nan\"": {"nan": structpb.NewNumberValue(math.NaN())},
		"bad_value: properties: \"deep\"": {"deep": nested(33)},
	}
}

// fails asks for the failure of one call under the policy "refuse".
func fails(t *testing.T, what, code string, err error) {
	t.Helper()
	if !errors.Is(err, hooks.ErrFailed) || !strings.Contains(err.Error(), ": "+code) {
		t.Errorf("%s: want %s, got %v", what, code, err)
	}
	if f := asFault(t, err); f.Text != hooks.ErrFailed.Text {
		t.Errorf("%s: players are told %q", what, f.Text)
	}
}

func TestDraftsAreChecked(t *testing.T) {
	bad := map[string]*hook.LobbyDraft{
		"too_long": {Name: strings.Repeat("x", 65)}, "bad_text: name is not": {Name: "\xff"}, "bad_text: name has": {Name: "a\nb"},
		"bad_max_players: max_players is 0": {MaxPlayers: new(int32(0))}, "bad_max_players: max_players is 7": {MaxPlayers: new(int32(7))},
	}
	for code, p := range badProperties() {
		bad[code+" "] = &hook.LobbyDraft{Properties: p}
	}
	for code, answer := range bad {
		r := run(t, hookOf("h", rules{create: func(context.Context, *hook.LobbyDraft) (*hook.LobbyDraft, error) { return answer, nil }}))
		_, err := r.BeforeLobbyCreate(t.Context(), &hook.LobbyDraft{})
		fails(t, "draft", strings.TrimSpace(code), err)
	}
	good := &hook.LobbyDraft{Name: strings.Repeat("ä", 64), MaxPlayers: new(int32(6)), Properties: many(32, nested(32))}
	r := run(t, hookOf("h", rules{create: func(context.Context, *hook.LobbyDraft) (*hook.LobbyDraft, error) { return good, nil }}))
	if d, err := r.BeforeLobbyCreate(t.Context(), &hook.LobbyDraft{}); err != nil || d.Name != good.Name || len(d.Properties) != 32 {
		t.Errorf("the largest that is allowed: %v", err)
	}
}

func TestPlayersPropertiesAreChecked(t *testing.T) {
	for code, p := range badProperties() {
		r := run(t, hookOf("h", rules{join: func(context.Context, *hook.Lobby, *hook.Player) (*hook.Player, error) {
			return &hook.Player{Properties: p}, nil
		}}))
		_, err := r.BeforeLobbyJoin(t.Context(), twoTeams(), &hook.Player{AccountId: "p"})
		fails(t, "player", code, err)
	}
}

func TestWishesAreChecked(t *testing.T) {
	for wish, code := range map[string]string{"C": "unknown_team", "a": "unknown_team", strings.Repeat("A", 1<<20): "unknown_team"} {
		h := policy(hookOf("h", rules{assign: func(context.Context, *hook.Lobby, *hook.Player) (string, error) { return wish, nil }}), hook.FailRefuse)
		_, err := run(t, h).AssignTeam(t.Context(), twoTeams(), &hook.Player{})
		fails(t, "wish", code, err)
		if len(err.Error()) > 500 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
	}
}

func TestAssignmentsAreChecked(t *testing.T) {
	team := func(name string, ids ...string) *hook.TeamAssignment {
		return &hook.TeamAssignment{Name: name, AccountIds: ids}
	}
	for code, teams := range map[string][]*hook.TeamAssignment{
		"unknown_team":           {team("C", "a1", "a2", "b1")},
		"unknown_player":         {team("A", "a1", "a2"), team("B", "b1", "stranger")},
		"player_twice":           {team("A", "a1", "a2"), team("B", "b1", "a1")},
		"player_twice: \"a1\"":   {team("A", "a1", "a1"), team("B", "b1")},
		"team_full":              {team("A", "a1", "a2", "b1", "b1")},
		"team_twice":             {team("A", "a1"), team("A", "a2"), team("B", "b1")},
		"missing_player: 1 of 3": {team("A", "a1"), team("B", "b1")},
		"missing_player: 3 of 3": {team("A")},
		"unknown_team: \"\"":     {nil},
	} {
		h := policy(hookOf("h", rules{balance: func(context.Context, *hook.Lobby) (*hook.Assignment, error) {
			return &hook.Assignment{Teams: teams}, nil
		}}), hook.FailRefuse)
		_, err := run(t, h).BalanceTeams(t.Context(), twoTeams())
		fails(t, "assignment", code, err)
	}
	r := run(t, hookOf("h", rules{balance: func(context.Context, *hook.Lobby) (*hook.Assignment, error) {
		return &hook.Assignment{Teams: []*hook.TeamAssignment{team("B", "b1", "a2", "a1")}}, nil
	}}))
	if a, err := r.BalanceTeams(t.Context(), twoTeams()); err != nil || len(a.GetTeams()) != 1 {
		t.Errorf("all in one team: %v %v", a, err)
	}
}

func TestPayloadsAreChecked(t *testing.T) {
	big := text(strings.Repeat("x", 40<<10))
	for code, p := range map[string]*hook.Payload{
		"reserved_key: \"ticketKey\"": {Keys: values{"ticketKey": text("mine")}}, "reserved_key: \"teams\"": {Keys: values{"teams": text("")}},
		"too_large": {Keys: values{"second": big}}, // with the 40 KiB that are there
		"too_long":  {Region: strings.Repeat("r", 65)}, "bad_text: provider": {Provider: "a\rb"}, "bad_text: region": {Region: "\xc0"},
		"bad_value": {Keys: values{"inf": structpb.NewNumberValue(math.Inf(1))}},
	} {
		h := policy(hookOf("h", rules{payload: func(context.Context, *hook.Lobby, *hook.Payload) (*hook.Payload, error) { return p, nil }}), hook.FailRefuse)
		_, err := run(t, h).MatchPayload(t.Context(), twoTeams(), &hook.Payload{Keys: values{"first": big}})
		fails(t, "payload", code, err)
	}
}

func TestReportsAreChecked(t *testing.T) {
	rank := func(name string, rank int32) *hook.TeamResult { return &hook.TeamResult{Name: name, Rank: rank} }
	good := []*hook.TeamResult{rank("A", 1), rank("B", 1)}
	player := func(id string) *hook.PlayerResult { return &hook.PlayerResult{AccountId: id} }
	for code, r := range map[string]*hook.Report{
		"missing_team": {Teams: good[:1]}, "bad_team: \"C\"": {Teams: append(good[:2:2], rank("C", 1))},
		"bad_team: \"A\"":  {Teams: []*hook.TeamResult{rank("A", 1), rank("A", 2)}},
		"bad_rank: 0":      {Teams: []*hook.TeamResult{rank("A", 0), rank("B", 1)}},
		"bad_rank: 3":      {Teams: []*hook.TeamResult{rank("A", 1), rank("B", 3)}},
		"bad_player: \"x":  {Teams: good, Players: []*hook.PlayerResult{player("x")}},
		"bad_player: \"a1": {Teams: good, Players: []*hook.PlayerResult{player("a1"), player("a1")}},
		"bad_score":        {Teams: good, Players: []*hook.PlayerResult{{AccountId: "a1", Score: new(math.Inf(-1))}}},
		"too_many: stats":  {Teams: good, Players: []*hook.PlayerResult{{AccountId: "a1", Stats: many(65, text(""))}}},
		"too_many: prop":   {Teams: good, Properties: many(65, text(""))},
		"too_large: prop":  {Teams: good, Properties: values{"k": text(strings.Repeat("x", 256<<10))}},
		"too_large: stats": {Teams: good, Properties: values{"k": text(strings.Repeat("x", 200<<10))}, Players: []*hook.PlayerResult{
			{AccountId: "a1", Stats: values{"k": text(strings.Repeat("x", 60<<10))}},
		}},
		"bad_value: stats": {Teams: good, Players: []*hook.PlayerResult{{AccountId: "a1", Stats: values{"k": nested(40)}}}},
	} {
		h := hookOf("h", rules{result: func(context.Context, *hook.Match, *hook.Report) (*hook.Report, error) { return r, nil }})
		_, err := run(t, h).MatchResult(t.Context(), &hook.Match{Lobby: twoTeams()}, &hook.Report{Teams: good})
		fails(t, "report", code, err)
	}
}

func TestChatIsChecked(t *testing.T) {
	for answer, code := range map[string]string{
		"": "empty_text", " \n": "empty_text", strings.Repeat("x", 501): "too_long", "a\x1bb": "bad_text", "\xff": "bad_text", "a\u202eb": "bad_text",
	} {
		list := rules{chat: func(context.Context, *hook.Lobby, *hook.ChatMessage) (*hook.ChatMessage, error) {
			return &hook.ChatMessage{AccountId: "a1", Text: answer}, nil
		}}
		_, err := run(t, policy(hookOf("h", list), hook.FailRefuse)).BeforeChat(t.Context(), twoTeams(), &hook.ChatMessage{Text: "hi"})
		fails(t, "chat", code, err)
		// By default the line passes as it was.
		m, err := run(t, hookOf("h", list)).BeforeChat(t.Context(), twoTeams(), &hook.ChatMessage{Text: "hi"})
		if err != nil || m.Text != "hi" {
			t.Errorf("%q: %v %v", answer, m, err)
		}
	}
}
