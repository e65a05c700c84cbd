package main

import (
	"encoding/json"
	"fmt"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
)

// result ends a match and returns the changes of the ratings, as JSON.
func (g *table) result(match string, l *hook.Lobby, ranks ...int32) string {
	g.Helper()
	report := &hook.Report{Properties: map[string]*structpb.Value{"map": structpb.NewStringValue("dust")}}
	for i, rank := range ranks {
		report.Teams = append(report.Teams, &hook.TeamResult{Name: l.Teams[i].Name, Rank: rank})
	}
	got, err := g.MatchResult(g.ctx, &hook.Match{Id: match, Lobby: l}, report)
	must(g, err)
	if len(got.GetTeams()) != len(ranks) || got.GetProperties()["map"].GetStringValue() != "dust" {
		g.Errorf("the rest of the report is changed: %v", got)
	}
	text, err := json.Marshal(got.GetProperties()["ratings"].AsInterface())
	must(g, err)
	return string(text)
}

func (g *table) expect(what, got, want string) {
	g.Helper()
	if got != want {
		g.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

func TestRatings(t *testing.T) {
	for _, c := range []struct {
		name, want string
		a, b       []string
		ranks      [2]int32
	}{
		{"equals", `{"ann":16,"bob":-16}`, []string{"ann"}, []string{"bob"}, [2]int32{1, 2}},
		{"a draw of equals", `{"ann":0,"bob":0}`, []string{"ann"}, []string{"bob"}, [2]int32{1, 1}},
		{"the favourite wins", `{"ace":3,"bob":-3}`, []string{"ace"}, []string{"bob"}, [2]int32{1, 2}},
		{"the favourite loses", `{"ace":-29,"bob":29}`, []string{"ace"}, []string{"bob"}, [2]int32{2, 1}},
		{"a draw pulls together", `{"ace":-13,"bob":13}`, []string{"ace"}, []string{"bob"}, [2]int32{1, 1}},
		{"bots have no rating", `{"ace":-29}`, []string{"ace", "bot-1"}, []string{"bot-2", "bot-3"}, [2]int32{2, 1}},
		{"a team counts by its mean", `{"ace":8,"ann":8,"bob":-8,"cid":-8}`, []string{"ace", "ann"}, []string{"bob", "cid"}, [2]int32{1, 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			everywhere(t, func(g *table) {
				g.stands("ace", 1400)
				g.expect("changes", g.result("m1", lobby(c.a, c.b), c.ranks[:]...), c.want)
			})
		})
	}
}

func TestWinners(t *testing.T) {
	everywhere(t, func(g *table) {
		duel := lobby([]string{"ann"}, []string{"bob"})
		g.result("m1", duel, 1, 1)
		g.expect("a draw has no winner", g.winners(), `{"winners":[]}`)
		g.result("m2", duel, 1, 2)
		first := `{"winners":[{"played":2,"rating":1016,"username":"ann","won":1}]}`
		g.expect("after a match", g.winners(), first)
		g.expect("the changes, told again", g.result("m2", duel, 1, 2), `{"ann":16,"bob":-16}`)
		g.expect("a result that comes twice", g.winners(), first)

		g.result("m3", lobby([]string{"bob", "bot-1"}, []string{"cid", "bot-2"}), 2, 1)
		g.result("m4", lobby([]string{"bob"}, []string{"cid"}), 2, 1)
		g.expect("more victories, then the rating", g.winners(), `{"winners":[`+
			`{"played":2,"rating":1029,"username":"cid","won":2},{"played":2,"rating":1016,"username":"ann","won":1}]}`)

		g.host.Erase("cid")
		g.expect("an erased account", g.winners(), first)
		g.expect("erased during the match", g.result("m5", lobby([]string{"cid"}, []string{"bot-1"}), 1, 2), `{}`)
		g.expect("the table after it", g.winners(), first)
	})
}

func TestWinnersEnd(t *testing.T) {
	everywhere(t, func(g *table) {
		for i := range 22 {
			id := fmt.Sprintf("p%02d", i)
			g.stands(id, float64(1000+i))
			g.result("m"+id, lobby([]string{id}, []string{"bot-1"}), 1, 2)
		}
		var got struct{ Winners []standing }
		must(g, json.Unmarshal([]byte(g.winners()), &got))
		if n := len(got.Winners); n != 20 || got.Winners[0].Username != "p21" || got.Winners[19].Username != "p02" {
			g.Errorf("%d lines: %v", n, got.Winners)
		}
	})
}
