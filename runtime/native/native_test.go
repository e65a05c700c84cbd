package native_test

import (
	"strings"
	"testing"

	"github.com/muster-gg/muster/runtime/native"
	"github.com/muster-gg/muster/sdk/hook"
)

func TestNew(t *testing.T) {
	h, err := native.New("smallest", "1", native.SmallestTeam{})
	if err != nil || h.Name() != "smallest" || h.Version() != "1" || h.Impl() != (native.SmallestTeam{}) {
		t.Fatalf("%+v %v", h, err)
	}
	if p := h.Points(); len(p) != 1 || p[0] != hook.PointAssignTeam {
		t.Errorf("%v", p)
	}
	h.Points()[0] = "changed"
	if h.Points()[0] != hook.PointAssignTeam {
		t.Error("a hook's points can be changed from outside")
	}
	for want, make := range map[string]func() (*native.Hook, error){
		"a name":    func() (*native.Hook, error) { return native.New("", "1", native.KeepTeams{}) },
		"a version": func() (*native.Hook, error) { return native.New("n", "", native.KeepTeams{}) },
		"serves no": func() (*native.Hook, error) { return native.New("n", "1", "text") },
	} {
		if h, err := make(); h != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestSmallestTeam(t *testing.T) {
	// A letter is a human, a dot a bot; three seats each.
	for teams, want := range map[string]string{
		",": "A", "a,": "B", "a,b": "A", "ab,...": "B", "...,a": "A", "a..,b": "B", "abc,def": "", "abc,d..": "B", "": "",
	} {
		lobby := &hook.Lobby{}
		if teams != "" {
			for i, players := range strings.Split(teams, ",") {
				team := &hook.Team{Name: string(rune('A' + i)), Size: 3}
				for _, p := range players {
					team.Players = append(team.Players, &hook.Player{AccountId: string(p), Bot: p == '.'})
				}
				lobby.Teams = append(lobby.Teams, team)
			}
		}
		if got, err := (native.SmallestTeam{}).AssignTeam(t.Context(), lobby, &hook.Player{}); got != want || err != nil {
			t.Errorf("%q: %q %v", teams, got, err)
		}
	}
}
