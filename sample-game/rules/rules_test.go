package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/muster-gg/muster/sdk/hook"
)

func TestAssignTeam(t *testing.T) {
	everywhere(t, func(g *table) {
		for _, c := range []struct {
			name, want string
			a, b       []string
		}{
			{"the first of equals", "A", nil, nil},
			{"the fewest humans", "B", []string{"ann"}, nil},
			{"bots give way", "B", []string{"ann"}, []string{"bot-1", "bot-2", "bot-3", "bot-4"}},
			{"a full team is none", "B", []string{"a1", "a2", "a3", "a4"}, []string{"b1", "b2", "b3"}},
			{"all are full", "", []string{"a1", "a2", "a3", "a4"}, []string{"b1", "b2", "b3", "b4"}},
		} {
			got, err := g.AssignTeam(g.ctx, lobby(c.a, c.b), &hook.Player{AccountId: "new"})
			if err != nil || got != c.want {
				g.Errorf("%s: %q %v, want %q", c.name, got, err, c.want)
			}
		}
	})
}

func TestBalanceTeams(t *testing.T) {
	everywhere(t, func(g *table) {
		for id, rating := range map[string]float64{"ace": 1400, "pro": 1300, "mid": 1060, "low": 700} {
			g.stands(id, rating)
		}
		for _, c := range []struct {
			name, want string
			a, b       []string
		}{
			{"equal", "stays", []string{"ann"}, []string{"bob"}},
			{"a small lead", "stays", []string{"mid"}, []string{"bob"}},
			{"a large lead", "[mid low] [bot-1 bob]", []string{"mid", "bot-1"}, []string{"low", "bob"}},
			{"one more is fair", "stays", []string{"ace", "pro"}, []string{"low"}},
			{"two more are not", "[ann] [bob]", []string{"ann", "bob"}, nil},
			{"the best against each other", "[ace low] [pro mid]", []string{"ace", "pro"}, []string{"mid", "low"}},
			{"bots are beginners", "[ace bot-2] [pro bot-1]", []string{"ace", "pro"}, []string{"bot-1", "bot-2"}},
			{"odd ones", "[ace] [ann low]", []string{"ace", "ann", "low"}, nil},
		} {
			got, err := g.BalanceTeams(g.ctx, lobby(c.a, c.b))
			must(g, err)
			text := "stays"
			if got != nil {
				text = fmt.Sprint(got.Teams[0].AccountIds, " ", got.Teams[1].AccountIds)
			}
			if text != c.want {
				g.Errorf("%s: %s, want %s", c.name, text, c.want)
			}
		}
		// The sizes of the teams hold.
		small := &hook.Lobby{Teams: []*hook.Team{team("Red", 1), team("Blue", 3, "ace", "ann", "low")}}
		got, err := g.BalanceTeams(g.ctx, small)
		must(g, err)
		if len(got.Teams[0].AccountIds) != 1 || len(got.Teams[1].AccountIds) != 2 || got.Teams[0].Name != "Red" {
			g.Errorf("one seat and three: %v", got)
		}
	})
}

func TestValidateStart(t *testing.T) {
	everywhere(t, func(g *table) {
		must(g, g.ValidateStart(g.ctx, lobby([]string{"ann"}, []string{"bob"})))
		must(g, g.ValidateStart(g.ctx, lobby([]string{"ann", "bot-1"}, []string{"bob", "cid"})))
		three := lobby([]string{"ann", "bob"}, []string{"cid"})
		three.Teams = append(three.Teams, team("C", 4))
		for text, l := range map[string]*hook.Lobby{
			"Teams of 2 and 1 are not fair. Add bots, or wait for one more player.":       lobby([]string{"ann", "bob"}, []string{"cid"}),
			"Teams of 0 and 1 are not fair. Add bots, or wait for one more player.":       lobby(nil, []string{"cid"}),
			"Teams of 2 and 1 and 0 are not fair. Add bots, or wait for one more player.": three,
		} {
			refusal, refused := hook.AsRefusal(g.ValidateStart(g.ctx, l))
			if !refused || refusal.GetReason() != text || len(refusal.GetPlayerReasons()) > 0 {
				g.Errorf("%v, want %q", refusal, text)
			}
		}
	})
}

func TestUnknownRpc(t *testing.T) {
	everywhere(t, func(g *table) {
		if _, err := g.Rpc(g.ctx, &hook.RpcRequest{Name: "losers"}); !errors.Is(err, hook.ErrUnknownRpc) {
			g.Error(err)
		}
		if got := g.winners(); got != `{"winners":[]}` {
			g.Errorf("before the first match: %s", got)
		}
	})
}
