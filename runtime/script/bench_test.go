package script_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dop251/goja"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/runtime/script/bundle"
	"github.com/muster-gg/muster/sdk/hook"
)

// balance deals the players of a lobby out by their rating: best and worst to A,
// the next two to B, and so on.
const balance = `
import type { BalanceTeams } from "muster";

export const balanceTeams: BalanceTeams = (_ctx, lobby) => {
  const rated = lobby.teams
    .flatMap((team) => team.players)
    .map((player) => ({ id: player.accountId, rating: Number(player.properties.rating ?? 1000) }));
  rated.sort((a, b) => b.rating - a.rating || (a.id < b.id ? -1 : 1));
  const teams = lobby.teams.map((team) => ({ name: team.name, size: team.size, accountIds: [] as string[], sum: 0 }));
  for (const { id, rating } of rated) {
    let best = undefined;
    for (const team of teams) {
      if (team.accountIds.length < team.size && (!best || team.sum < best.sum)) best = team;
    }
    best.accountIds.push(id);
    best.sum += rating;
  }
  return { teams: teams.map(({ name, accountIds }) => ({ name, accountIds })) };
};
`

// tenPlayers is a lobby of ten with ratings.
func tenPlayers() *hook.Lobby {
	l := &hook.Lobby{
		Id: "7f9c24e8-3b1a-4d5e-9f60-000000000100", Name: "Friday night", State: "starting",
		OwnerId: "7f9c24e8-3b1a-4d5e-9f60-000000000000", Properties: map[string]*structpb.Value{"map": text("dust")},
	}
	for t := range 2 {
		team := &hook.Team{Name: string(rune('A' + t)), Size: 5}
		for p := range 5 {
			id := fmt.Sprintf("7f9c24e8-3b1a-4d5e-9f60-0000000000%d%d", t, p)
			team.Players = append(team.Players, &hook.Player{
				AccountId: id, Username: "player " + id[34:], Ready: true, Connected: true,
				Properties: map[string]*structpb.Value{"rating": structpb.NewNumberValue(float64(1000 + 37*t + 11*p))},
			})
		}
		l.Teams = append(l.Teams, team)
	}
	return l
}

// BenchmarkCall is one call for a lobby of ten, both conversions included, beside a
// call of the same function in a bare machine that has its arguments already.
func BenchmarkCall(b *testing.B) {
	lobby := tenPlayers()
	b.Run("embedded", func(b *testing.B) {
		impl := load(b, balance).Impl()
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		b.ReportAllocs()
		for b.Loop() {
			if a, err := impl.BalanceTeams(ctx, lobby); err != nil || len(a.GetTeams()) != 2 {
				b.Fatal(a, err)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		call, args := bare(b, balance, lobby)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := call(goja.Undefined(), args...); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCallRatio makes both calls of BenchmarkCall, and the same rule in Go,
// in turn, so that what else the computer does slows all, and gives the median of
// each and the first in parts of the second.
func BenchmarkCallRatio(b *testing.B) {
	lobby := tenPlayers()
	impl := load(b, balance).Impl()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	call, args := bare(b, balance, lobby)
	calls := []func() error{
		func() error { _, err := impl.BalanceTeams(ctx, lobby); return err },
		func() error { _, err := call(goja.Undefined(), args...); return err },
		func() error { _, err := dealt{}.BalanceTeams(ctx, lobby); return err },
	}
	took := make([][]time.Duration, len(calls))
	for b.Loop() {
		for i, once := range calls {
			began := time.Now()
			if err := once(); err != nil {
				b.Fatal(err)
			}
			took[i] = append(took[i], time.Since(began))
		}
	}
	var medians []float64
	for i, unit := range []string{"script-us", "goja-us", "native-us"} {
		slices.Sort(took[i])
		medians = append(medians, float64(took[i][len(took[i])/2].Nanoseconds())/1000)
		b.ReportMetric(medians[i], unit)
	}
	b.ReportMetric(medians[0]/medians[1], "x-bare")
}

// dealt is balance in Go.
type dealt struct{}

func (dealt) BalanceTeams(_ context.Context, l *hook.Lobby) (*hook.Assignment, error) {
	type rated struct {
		id     string
		rating float64
	}
	var players []rated
	for _, t := range l.GetTeams() {
		for _, p := range t.GetPlayers() {
			rating := 1000.0
			if v, ok := p.GetProperties()["rating"]; ok {
				rating = v.GetNumberValue()
			}
			players = append(players, rated{p.GetAccountId(), rating})
		}
	}
	slices.SortFunc(players, func(a, b rated) int { return cmp.Or(cmp.Compare(b.rating, a.rating), cmp.Compare(a.id, b.id)) })
	a, sums := &hook.Assignment{}, make([]float64, len(l.GetTeams()))
	for _, t := range l.GetTeams() {
		a.Teams = append(a.Teams, &hook.TeamAssignment{Name: t.GetName()})
	}
	for _, p := range players {
		best := -1
		for i, t := range l.GetTeams() {
			if len(a.Teams[i].AccountIds) < int(t.GetSize()) && (best < 0 || sums[i] < sums[best]) {
				best = i
			}
		}
		a.Teams[best].AccountIds = append(a.Teams[best].AccountIds, p.id)
		sums[best] += p.rating
	}
	return a, nil
}

// bare loads a bundle into a machine without anything of ours, and makes the
// arguments of balanceTeams in it.
func bare(b *testing.B, source string, lobby *hook.Lobby) (goja.Callable, []goja.Value) {
	entry := write(b, map[string]string{"arena.ts": source})
	built, err := bundle.Build(context.Background(), bundle.Options{Entry: entry})
	if err != nil {
		b.Fatal(err)
	}
	vm := goja.New()
	exports := map[string]goja.Value{}
	_ = vm.Set("__muster_export", func(name string, v goja.Value) { exports[name] = v })
	if _, err := vm.RunString(built.Code); err != nil {
		b.Fatal(err)
	}
	call, _ := goja.AssertFunction(exports["balanceTeams"])
	data, err := protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(lobby)
	if err != nil {
		b.Fatal(err)
	}
	argument, err := vm.RunString("(" + string(data) + ")")
	if err != nil {
		b.Fatal(err)
	}
	return call, []goja.Value{vm.NewObject(), argument}
}
