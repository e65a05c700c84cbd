package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/runtime/process"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/plugintest"
)

// lobbyOf makes two teams of four; a player is "id skill party", one whose id
// begins with bot is one.
func lobbyOf(t *testing.T, teams ...[]string) *hook.Lobby {
	t.Helper()
	l := &hook.Lobby{Id: "l"}
	for i, list := range teams {
		made := &hook.Team{Name: string(rune('A' + i)), Size: 4}
		for _, text := range list {
			words := strings.Fields(text)
			p := &hook.Player{AccountId: words[0], Bot: strings.HasPrefix(words[0], "bot"), Properties: map[string]*structpb.Value{}}
			if len(words) > 1 {
				v, err := hook.ValueFromJSON([]byte(words[1]))
				if err != nil {
					t.Fatal(err)
				}
				p.Properties["skill"] = v
			}
			if len(words) > 2 {
				p.Properties["party"] = structpb.NewStringValue(words[2])
			}
			made.Players = append(made.Players, p)
		}
		l.Teams = append(l.Teams, made)
	}
	return l
}

func show(a *hook.Assignment) string {
	var teams []string
	for _, t := range a.GetTeams() {
		teams = append(teams, t.GetName()+":"+strings.Join(t.GetAccountIds(), ","))
	}
	return strings.Join(teams, " ")
}

func TestBalanceTeams(t *testing.T) {
	c := plugintest.Start(t, &balancer{}, nil)
	for name, tc := range map[string]struct {
		lobby *hook.Lobby
		want  string
	}{
		"by the property":        {lobbyOf(t, []string{"a 100", "b 90"}, []string{"c 20", "d 10"}), "A:a,d B:b,c"},
		"fair ones stay":         {lobbyOf(t, []string{"a 100", "b 10"}, []string{"c 90", "d 20"}), "A:a,b B:c,d"},
		"parties stay together":  {lobbyOf(t, []string{"a 100 x", "b 90"}, []string{"c 20 x", "d 10"}), "A:a,c B:b,d"},
		"a bot is of 1000":       {lobbyOf(t, []string{"a 2000", "bot-1", "bot-2"}, []string{"b 0"}), "A:bot-1,bot-2 B:a,b"},
		"no skill, or no number": {lobbyOf(t, []string{"a true", "b"}, nil), "A:a B:b"},
	} {
		got, err := c.BalanceTeams(t.Context(), tc.lobby)
		if err != nil || show(got) != tc.want {
			t.Errorf("%s: %s, %v", name, show(got), err)
		}
	}
	if got, err := c.BalanceTeams(t.Context(), lobbyOf(t, nil, nil)); got != nil || err != nil {
		t.Errorf("an empty lobby: %s, %v", show(got), err)
	}
}

// TestRatings keeps ratings in the accounts' storage and balances by them.
func TestRatings(t *testing.T) {
	c := plugintest.Start(t, &balancer{}, map[string]any{"storage_key": "elo", "update_ratings": true, "k_factor": 40})
	rating := func(account string) float64 {
		t.Helper()
		entries, err := c.Host.Storage().Get(t.Context(), account, "elo")
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == 0 {
			return math.NaN()
		}
		var v struct{ Rating float64 }
		if err := json.Unmarshal(entries[0].Value, &v); err != nil {
			t.Fatal(err)
		}
		return v.Rating
	}
	match := &hook.Match{Id: "m1", Lobby: lobbyOf(t, []string{"a", "bot-1"}, []string{"b", "c"})}
	won := &hook.Report{Teams: []*hook.TeamResult{{Name: "A", Rank: 1}, {Name: "B", Rank: 2}}}
	for range 2 { // a result that comes again counts once
		if r, err := c.MatchResult(t.Context(), match, won); r != nil || err != nil {
			t.Fatal(r, err)
		}
		if a, b, cc := rating("a"), rating("b"), rating("c"); a != 1020 || b != 980 || cc != 980 {
			t.Errorf("ratings %v %v %v", a, b, cc)
		}
	}
	match.Id = "m2"
	draw := &hook.Report{Teams: []*hook.TeamResult{{Name: "A", Rank: 1}, {Name: "B", Rank: 1}}}
	if _, err := c.MatchResult(t.Context(), match, draw); err != nil {
		t.Fatal(err)
	}
	if a, b := rating("a"), rating("b"); a >= 1020 || b <= 980 {
		t.Errorf("after a draw: %v %v", a, b)
	}
	if !math.IsNaN(rating("bot-1")) {
		t.Error("a bot has a rating")
	}
	got, err := c.BalanceTeams(t.Context(), lobbyOf(t, []string{"a", "d"}, []string{"b", "c"}))
	if want := "A:a,c B:d,b"; err != nil || show(got) != want {
		t.Errorf("%s, %v", show(got), err)
	}
}

func TestSettings(t *testing.T) {
	for says, settings := range map[string]map[string]any{
		"k_factor":       {"k_factor": 0},
		"update_ratings": {"update_ratings": true},
		"storage_key":    {"storage_key": strings.Repeat("x", 200)},
		"bot_skill":      {"bot_skill": 1e12},
	} {
		if err := plugintest.StartError(t, &balancer{}, settings); !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v", settings, err)
		}
	}
}

// TestProcess runs the program as the server does, with a full lobby of a hundred.
func TestProcess(t *testing.T) {
	program := filepath.Join(t.TempDir(), "balance-skill")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.Chmod(filepath.Dir(program), 0o755); err != nil {
		t.Fatal(err)
	}
	p, err := process.Start(t.Context(), process.Options{Name: "skill", Command: []string{program}, Development: true, Timing: process.Timing{Start: time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	lobby := &hook.Lobby{Teams: []*hook.Team{{Name: "A", Size: 50}, {Name: "B", Size: 50}}}
	for i := range 100 {
		lobby.Teams[0].Players = append(lobby.Teams[0].Players, &hook.Player{
			AccountId: fmt.Sprint(i), Properties: map[string]*structpb.Value{"skill": structpb.NewNumberValue(float64(i * i))},
		})
	}
	a, err := p.Impl().BalanceTeams(t.Context(), lobby)
	if err != nil || len(a.GetTeams()[0].GetAccountIds()) != 50 || len(a.GetTeams()[1].GetAccountIds()) != 50 {
		t.Errorf("%s, %v", show(a), err)
	}
}
