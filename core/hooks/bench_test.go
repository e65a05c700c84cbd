package hooks_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/runtime/native"
	"github.com/muster-gg/muster/sdk/hook"
)

// tenPlayers is a lobby of ten.
func tenPlayers() *hook.Lobby {
	l := &hook.Lobby{Id: "l", Name: "Friday", OwnerId: "p0", State: "starting"}
	for t := range 2 {
		team := &hook.Team{Name: string(rune('A' + t)), Size: 5}
		for p := range 5 {
			id := fmt.Sprintf("7f9c24e8-3b1a-4d5e-9f60-0000000000%d%d", t, p)
			team.Players = append(team.Players, &hook.Player{AccountId: id, Username: "player " + id[34:], Ready: true, Connected: true})
		}
		l.Teams = append(l.Teams, team)
	}
	return l
}

// BenchmarkHookNativeBalance is one call of a built-in hook for a lobby of ten:
// copies, goroutine, deadline and checks included.
func BenchmarkHookNativeBalance(b *testing.B) {
	for _, isolated := range []bool{false, true} {
		b.Run(fmt.Sprintf("isolated=%v", isolated), func(b *testing.B) {
			h := builtIn(b, "keep", native.KeepTeams{})
			h.Isolated = isolated
			r, l := newRunner(b, hooks.Options{Hooks: []hooks.Hook{h}}), tenPlayers()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.BalanceTeams(context.Background(), l); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkHookNobodyServes is what a point costs that has no hook.
func BenchmarkHookNobodyServes(b *testing.B) {
	r := newRunner(b, hooks.Options{})
	for b.Loop() {
		if r.Serves(hook.PointBeforeChat) {
			b.Fatal("served")
		}
	}
}
