package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/hooktest"
	"github.com/muster-gg/muster/sdk/plugin/plugintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// table is a game under one of the two forms of the rules.
type table struct {
	*testing.T
	hook.Remote
	host *hooktest.Host
	ctx  context.Context
}

// everywhere runs a case under the rules in TypeScript and in Go: what holds for one
// holds for the other.
func everywhere(t *testing.T, run func(*table)) {
	t.Helper()
	t.Run("script", func(t *testing.T) {
		entry, err := filepath.Abs("../hooks/arena.ts")
		must(t, err)
		v, err := script.Load(t.Context(), script.Options{Game: hooktest.Game, Entry: entry, Timeout: time.Minute})
		must(t, err)
		t.Cleanup(func() { must(t, v.Close(context.Background())) })
		host := hooktest.NewHost()
		run(&table{t, v.Impl(), host, hook.WithHost(t.Context(), host)})
	})
	t.Run("plugin", func(t *testing.T) {
		c := plugintest.Start(t, &rules{}, nil)
		run(&table{t, c.Remote, c.Host, t.Context()})
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// stands stores what an account has achieved before.
func (g *table) stands(id string, rating float64) {
	g.Helper()
	value, err := json.Marshal(standing{Username: id, Rating: rating, Played: 1})
	must(g, err)
	_, err = g.host.Set(g.ctx, id, "standing", value, hook.AnyVersion)
	must(g, err)
}

// winners is the table that the page shows, as JSON.
func (g *table) winners() string {
	g.Helper()
	answer, err := g.Rpc(g.ctx, &hook.RpcRequest{Name: "winners"})
	must(g, err)
	text, err := json.Marshal(answer.GetPayload().AsInterface())
	must(g, err)
	return string(text)
}

func team(name string, size int32, ids ...string) *hook.Team {
	t := &hook.Team{Name: name, Size: size}
	for _, id := range ids {
		t.Players = append(t.Players, &hook.Player{AccountId: id, Username: id, Bot: strings.HasPrefix(id, "bot")})
	}
	return t
}

// lobby has two teams of four seats.
func lobby(a, b []string) *hook.Lobby {
	return &hook.Lobby{Id: "l1", Teams: []*hook.Team{team("A", 4, a...), team("B", 4, b...)}}
}
