package script_test

import (
	"context"
	"fmt"
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

// BenchmarkCallRatio makes both calls of BenchmarkCall in turn, so that what else
// the computer does slows both, and gives the one in parts of the other.
func BenchmarkCallRatio(b *testing.B) {
	lobby := tenPlayers()
	impl := load(b, balance).Impl()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	call, args := bare(b, balance, lobby)
	var ours, theirs time.Duration
	for b.Loop() {
		began := time.Now()
		if _, err := impl.BalanceTeams(ctx, lobby); err != nil {
			b.Fatal(err)
		}
		between := time.Now()
		if _, err := call(goja.Undefined(), args...); err != nil {
			b.Fatal(err)
		}
		ours += between.Sub(began)
		theirs += time.Since(between)
	}
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "x-bare")
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
