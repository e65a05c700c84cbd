package server_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/runtime/native"
	"github.com/muster-gg/muster/sdk/client"
	"github.com/muster-gg/muster/sdk/hook"
)

// house is rules in Go at every point that lobbies and matches ask.
type house struct{}

func (house) BeforeLobbyCreate(_ context.Context, d *hook.LobbyDraft) (*hook.LobbyDraft, error) {
	d.Name = strings.ToUpper(d.GetName())
	return d, nil
}

func (house) BeforeLobbyJoin(_ context.Context, _ *hook.Lobby, p *hook.Player) (*hook.Player, error) {
	if p.GetUsername() == "mallory" {
		return nil, hook.Refuse("not you", nil)
	}
	return p, nil
}

func (house) AssignTeam(context.Context, *hook.Lobby, *hook.Player) (string, error) { return "A", nil }

func (house) BeforeChat(_ context.Context, _ *hook.Lobby, m *hook.ChatMessage) (*hook.ChatMessage, error) {
	m.Text += "!"
	return m, nil
}

func (house) BalanceTeams(_ context.Context, l *hook.Lobby) (*hook.Assignment, error) {
	a := &hook.Assignment{Teams: []*hook.TeamAssignment{{Name: "A"}, {Name: "B"}}}
	for _, t := range l.GetTeams() {
		for i, p := range t.GetPlayers() {
			a.Teams[i%2].AccountIds = append(a.Teams[i%2].AccountIds, p.GetAccountId())
		}
	}
	return a, nil
}

func (house) ValidateStart(_ context.Context, l *hook.Lobby) error {
	if l.GetName() == "CLOSED" {
		return hook.Refuse("closed today", nil)
	}
	return nil
}

func (house) MatchPayload(context.Context, *hook.Lobby, *hook.Payload) (*hook.Payload, error) {
	return &hook.Payload{Keys: map[string]*structpb.Value{"mapName": structpb.NewStringValue("docks")}, Region: "eu-central"}, nil
}

func (house) MatchResult(_ context.Context, _ *hook.Match, r *hook.Report) (*hook.Report, error) {
	r.Properties = map[string]*structpb.Value{"rated": structpb.NewBoolValue(true)}
	return r, nil
}

// TestHooksRule plays a match under rules in Go, through the same seam that
// scripts and plugins come in by.
func TestHooksRule(t *testing.T) {
	rules, err := native.New("house", "1", house{})
	must(t, err)
	strict, err := native.New("strict", "1", native.EveryTeamPlays{})
	must(t, err)
	platform := gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: "key"})
	defer platform.Close()
	w := &world{t: t, platform: platform}
	w.url = startRuledNode(t, stubGame("arena", platform.URL, ""), map[string][]*native.Hook{"arena": {rules, strict}}).PublicURL()
	ctx := t.Context()

	ann, bob, mallory := w.player("ann"), w.player("bob"), w.player("mallory")
	made, err := ann.CreateLobby(ctx, client.LobbyOptions{Name: "loud"})
	must(t, err)
	if made.Name != "LOUD" {
		t.Errorf("lobby is called %q", made.Name)
	}
	_, err = mallory.Join(ctx, client.JoinOptions{Code: made.Code})
	refused(t, err, "refused_by_hook")
	joined, err := bob.Join(ctx, client.JoinOptions{Code: made.Code})
	must(t, err)
	if _, team, _ := joined.Member(bob.id); team != "A" {
		t.Errorf("bob is in team %s", team)
	}
	must(t, bob.Chat(ctx, "hello"))
	if line := await[*client.Chat](t, ann); line.Text != "hello!" {
		t.Errorf("chat %q", line.Text)
	}
	must(t, ann.Ready(ctx, true))
	must(t, bob.Ready(ctx, true))
	must(t, ann.Start(ctx, ""))
	m := await[*client.MatchStarted](t, bob).Match
	if len(m.Teams) != 2 || len(m.Teams[0].Players) != 1 || len(m.Teams[1].Players) != 1 {
		t.Errorf("teams %+v", m.Teams)
	}
	call := platform.Calls()[0]
	if !strings.Contains(call.Payload, `"mapName":"docks"`) || call.Region != "eu-central" {
		t.Errorf("payload %s in %s", call.Payload, call.Region)
	}
	must(t, report(ctx, []byte(call.Payload)))
	if end := await[*client.MatchEnded](t, ann); !strings.Contains(string(end.Result), `"rated":true`) {
		t.Errorf("result %s", end.Result)
	}

	// A rule that refuses the start: the starter gets its words, the other its code.
	again, err := ann.CreateLobby(ctx, client.LobbyOptions{Name: "closed"})
	must(t, err)
	_, err = bob.Join(ctx, client.JoinOptions{Code: again.Code})
	must(t, err)
	must(t, ann.Ready(ctx, true))
	must(t, bob.Ready(ctx, true))
	must(t, ann.Start(ctx, ""))
	if f := await[*client.MatchFailed](t, ann); f.Code != "refused_by_hook" || f.Message != "closed today" {
		t.Errorf("starter is told %+v", f)
	}
	if f := await[*client.MatchFailed](t, bob); f.Code != "refused_by_hook" {
		t.Errorf("the other is told %+v", f)
	}
}
