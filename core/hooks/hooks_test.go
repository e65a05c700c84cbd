package hooks_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/runtime/native"
	"github.com/muster-gg/muster/sdk/hook"
)

func TestWithoutHooksTheBuiltInRulesApply(t *testing.T) {
	ctx, l := t.Context(), twoTeams()
	for name, r := range map[string]*hooks.Runner{"nil": nil, "empty": run(t)} {
		for _, p := range hook.Points() {
			if r.Serves(p) {
				t.Errorf("%s: serves %s", name, p)
			}
		}
		draft, player, message, report := &hook.LobbyDraft{Name: "x"}, &hook.Player{AccountId: "p"}, &hook.ChatMessage{Text: "hi"}, &hook.Report{}
		payload := &hook.Payload{Region: "us-east"}
		if d, err := r.BeforeLobbyCreate(ctx, draft); d != draft || err != nil {
			t.Errorf("%s: %v %v", name, d, err)
		}
		if p, err := r.BeforeLobbyJoin(ctx, l, player); p != player || err != nil {
			t.Errorf("%s: %v %v", name, p, err)
		}
		if team, err := r.AssignTeam(ctx, l, player); team != "" || err != nil {
			t.Errorf("%s: %v %v", name, team, err)
		}
		if a, err := r.BalanceTeams(ctx, l); a != nil || err != nil {
			t.Errorf("%s: %v %v", name, a, err)
		}
		if err := r.ValidateStart(ctx, l); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if p, err := r.MatchPayload(ctx, l, payload); p != payload || err != nil {
			t.Errorf("%s: %v %v", name, p, err)
		}
		if got, err := r.MatchResult(ctx, &hook.Match{Lobby: l}, report); got != report || err != nil {
			t.Errorf("%s: %v %v", name, got, err)
		}
		if m, err := r.BeforeChat(ctx, l, message); m != message || err != nil {
			t.Errorf("%s: %v %v", name, m, err)
		}
		r.Emit(&hook.Event{})
		if err := r.Close(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGatesSeeWhatThoseBeforeThemChanged(t *testing.T) {
	var seen []string
	gate := func(name string) hooks.Hook {
		return hookOf(name, rules{
			create: func(ctx context.Context, d *hook.LobbyDraft) (*hook.LobbyDraft, error) {
				if c := hook.CallFrom(ctx); c != (hook.Call{Game: "arena", Point: hook.PointBeforeLobbyCreate, Hook: name}) {
					t.Errorf("called as %v", c)
				}
				seen = append(seen, d.Name)
				d.Name += name
				d.MaxPlayers = new(int32(4))
				d.IsPrivate = true // not for a hook to change
				d.Properties = map[string]*structpb.Value{"by": text(name)}
				return d, nil
			},
			join: func(_ context.Context, _ *hook.Lobby, p *hook.Player) (*hook.Player, error) {
				seen = append(seen, p.Properties["by"].GetStringValue())
				return &hook.Player{AccountId: "other", Properties: map[string]*structpb.Value{"by": text(name)}}, nil
			},
			chat: func(_ context.Context, _ *hook.Lobby, m *hook.ChatMessage) (*hook.ChatMessage, error) {
				return &hook.ChatMessage{Text: m.Text + name, AccountId: "other"}, nil
			},
		})
	}
	silent := hookOf("silent", rules{
		create: func(context.Context, *hook.LobbyDraft) (*hook.LobbyDraft, error) { return nil, nil },
		join:   func(context.Context, *hook.Lobby, *hook.Player) (*hook.Player, error) { return nil, nil },
		chat:   func(context.Context, *hook.Lobby, *hook.ChatMessage) (*hook.ChatMessage, error) { return nil, nil },
	})
	r := run(t, gate("1"), silent, gate("2"))

	asked := &hook.LobbyDraft{Name: "n", Owner: &hook.Player{AccountId: "a1"}}
	d, err := r.BeforeLobbyCreate(t.Context(), asked)
	if err != nil || d.Name != "n12" || d.GetMaxPlayers() != 4 || d.IsPrivate || d.Owner.GetAccountId() != "a1" || d.Properties["by"].GetStringValue() != "2" {
		t.Errorf("%v %v", d, err)
	}
	if asked.Name != "n" || asked.MaxPlayers != nil {
		t.Errorf("the caller's draft was changed: %v", asked)
	}
	p, err := r.BeforeLobbyJoin(t.Context(), twoTeams(), &hook.Player{AccountId: "p", Username: "Pia"})
	if err != nil || p.AccountId != "p" || p.Username != "Pia" || p.Properties["by"].GetStringValue() != "2" {
		t.Errorf("%v %v", p, err)
	}
	m, err := r.BeforeChat(t.Context(), twoTeams(), &hook.ChatMessage{AccountId: "a1", Text: "hi"})
	if err != nil || m.Text != "hi12" || m.AccountId != "a1" {
		t.Errorf("%v %v", m, err)
	}
	if want := []string{"n", "n1", "", "1"}; !slices.Equal(seen, want) {
		t.Errorf("seen %q, want %q", seen, want)
	}
}

func TestOneRefusalIsEnough(t *testing.T) {
	asked := 0
	yes := rules{validate: func(context.Context, *hook.Lobby) error { asked++; return nil }}
	no := rules{validate: func(context.Context, *hook.Lobby) error {
		return hook.Refuse("no\x00t \u202enow\n", map[string]string{"a1": "you are late\n", "stranger": "hello", "b1": "\x01"})
	}}
	r := run(t, hookOf("1", yes), hookOf("2", no), hookOf("3", yes))
	err := r.ValidateStart(t.Context(), twoTeams())
	if !errors.Is(err, hooks.ErrRefused) || asked != 1 {
		t.Fatalf("%v, %d asked", err, asked)
	}
	if f := asFault(t, err); f.Text != "not now" || f.Code != "refused_by_hook" {
		t.Errorf("%+v", f)
	}
	refusal, ok := hook.AsRefusal(err)
	if !ok || refusal.GetReason() != "not now" || len(refusal.GetPlayerReasons()) != 1 || refusal.GetPlayerReasons()["a1"] != "you are late" {
		t.Errorf("%v", refusal)
	}
	long := run(t, hookOf("long", rules{validate: func(context.Context, *hook.Lobby) error { return hook.Refuse(strings.Repeat("ä", 600), nil) }}))
	if f := asFault(t, long.ValidateStart(t.Context(), twoTeams())); f.Text != strings.Repeat("ä", 500) {
		t.Errorf("%d bytes", len(f.Text))
	}
	mute := run(t, hookOf("mute", rules{validate: func(context.Context, *hook.Lobby) error { return hook.Refuse(" \x07", nil) }}))
	if f := asFault(t, mute.ValidateStart(t.Context(), twoTeams())); f.Text != hooks.ErrRefused.Text {
		t.Errorf("%q", f.Text)
	}
}

func TestTheFirstDeciderThatAnswersDecides(t *testing.T) {
	silent := hookOf("silent", rules{
		assign:  func(context.Context, *hook.Lobby, *hook.Player) (string, error) { return "", nil },
		balance: func(context.Context, *hook.Lobby) (*hook.Assignment, error) { return nil, nil },
	})
	never := hookOf("never", rules{
		assign:  func(context.Context, *hook.Lobby, *hook.Player) (string, error) { t.Error("asked"); return "A", nil },
		balance: func(context.Context, *hook.Lobby) (*hook.Assignment, error) { t.Error("asked"); return nil, nil },
	})
	r := run(t, silent, builtIn(t, "smallest", native.SmallestTeam{}), builtIn(t, "keep", native.KeepTeams{}), never)
	if team, err := r.AssignTeam(t.Context(), twoTeams(), &hook.Player{AccountId: "p"}); team != "B" || err != nil {
		t.Errorf("%q %v", team, err)
	}
	want := &hook.Assignment{Teams: []*hook.TeamAssignment{
		{Name: "A", AccountIds: []string{"a1", "a2"}}, {Name: "B", AccountIds: []string{"b1"}},
	}}
	if a, err := r.BalanceTeams(t.Context(), twoTeams()); err != nil || !proto.Equal(a, want) {
		t.Errorf("%v %v", a, err)
	}
}

func TestAmendersComeInTurn(t *testing.T) {
	add := func(name, region string) hooks.Hook {
		return hookOf(name, rules{
			payload: func(_ context.Context, _ *hook.Lobby, p *hook.Payload) (*hook.Payload, error) {
				return &hook.Payload{Region: region, Keys: map[string]*structpb.Value{
					"last": text(name), name: text(p.Region),
				}}, nil
			},
			result: func(_ context.Context, _ *hook.Match, r *hook.Report) (*hook.Report, error) {
				r.Teams[0].Rank, r.Teams[1].Rank = r.Teams[1].Rank, r.Teams[0].Rank
				r.Properties = map[string]*structpb.Value{name: r.Properties["first"]}
				return r, nil
			},
		})
	}
	r := run(t, add("first", "eu-central"), add("second", ""))
	asked := &hook.Payload{Region: "us-east"}
	p, err := r.MatchPayload(t.Context(), twoTeams(), asked)
	if err != nil || p.Region != "eu-central" || len(p.Keys) != 3 || p.Keys["last"].GetStringValue() != "second" ||
		p.Keys["first"].GetStringValue() != "us-east" || p.Keys["second"].GetStringValue() != "eu-central" {
		t.Errorf("%v %v", p, err)
	}
	report := &hook.Report{
		Teams:      []*hook.TeamResult{{Name: "A", Rank: 1}, {Name: "B", Rank: 2}},
		Players:    []*hook.PlayerResult{{AccountId: "a1", Score: new(2.5)}},
		Properties: map[string]*structpb.Value{"first": text("kept")},
	}
	was := proto.CloneOf(report)
	got, err := r.MatchResult(t.Context(), &hook.Match{Id: "m", Lobby: twoTeams()}, report)
	if err != nil || got.Teams[0].Rank != 1 || got.Properties["second"].GetStringValue() != "kept" || got.Players[0].GetScore() != 2.5 {
		t.Errorf("%v %v", got, err)
	}
	if !proto.Equal(report, was) || asked.Keys != nil {
		t.Error("the caller's messages were changed")
	}
}

func TestBuiltInStartRule(t *testing.T) {
	r := run(t, builtIn(t, "teams", native.EveryTeamPlays{Players: 2}))
	if f := asFault(t, r.ValidateStart(t.Context(), twoTeams())); f.Code != "refused_by_hook" || f.Text != "Team B has 1 of 2 players" {
		t.Errorf("%+v", f)
	}
	if err := run(t, builtIn(t, "teams", native.EveryTeamPlays{})).ValidateStart(t.Context(), twoTeams()); err != nil {
		t.Error(err)
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	good := rules{validate: func(context.Context, *hook.Lobby) error { return nil }}
	change := func(f func(*hooks.Hook)) []hooks.Hook { h := hookOf("h", good); f(&h); return []hooks.Hook{h} }
	for want, list := range map[string][]hooks.Hook{
		"name of its own":         {hookOf("h", good), hookOf("h", good)},
		"needs a name":            change(func(h *hooks.Hook) { h.Name = "" }),
		"serves no extension":     change(func(h *hooks.Hook) { h.Impl, h.Points = struct{}{}, nil }),
		"does not serve":          change(func(h *hooks.Hook) { h.Impl = struct{}{} }),
		"no extension point":      change(func(h *hooks.Hook) { h.Points = []hook.Point{"validate"} }),
		"named twice":             change(func(h *hooks.Hook) { h.Points = append(h.Points, h.Points...) }),
		"timeout is negative":     change(func(h *hooks.Hook) { h.Timeout = -1 }),
		"policy for balance_team": change(func(h *hooks.Hook) { h.OnFailure = map[hook.Point]hook.Policy{"balance_teams": "allow"} }),
		"no policy":               change(func(h *hooks.Hook) { h.OnFailure = map[hook.Point]hook.Policy{"validate_start": "maybe"} }),
	} {
		if r, err := hooks.New(hooks.Options{Game: "arena", Hooks: list}); r != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func builtIn(t testing.TB, name string, impl any) hooks.Hook {
	t.Helper()
	h, err := native.New(name, "1", impl)
	if err != nil {
		t.Fatal(err)
	}
	return hooks.Hook{Name: h.Name(), Host: native.Host, Version: h.Version(), Impl: h.Impl(), Points: h.Points()}
}
