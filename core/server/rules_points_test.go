package server_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/muster-gg/muster/sdk/client"
)

// TestScriptAllocates: a script gives the servers of a game, and is told when one
// is not needed any more.
func TestScriptAllocates(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir+"/rules.ts", `
import type { Allocate, Release, RpcHandlers } from "muster";
export const allocate: Allocate = async (ctx, request) => {
  if (request.region === "none") ctx.refuse("no servers there");
  if (!JSON.parse(request.payload).ticketKey) throw new Error("no payload");
  await ctx.storage.set("payload", request.payload);
  return { name: "s-" + request.matchId, address: "10.0.0.7", port: 7000 };
};
export const release: Release = async (ctx, request) => { await ctx.storage.set("released", request.matchId); };
export const rpc: RpcHandlers = {
  released: (ctx) => ctx.storage.get("released"),
  payload: (ctx) => ctx.storage.get("payload"),
};
`)
	node := startNode(t, fmt.Sprintf(`game "arena" {
  lobby {
    min_players = 2
    after_match = "reopen"
  }
  hooks "script" {
    entry = "%s/rules.ts"
  }
  allocate "script" {
    timeout = "5s"
  }
}
`, dir))
	w := &world{t: t, url: node.PublicURL()}
	ctx := t.Context()
	ps, _ := w.together("ann", "bob")
	must(t, ps[0].Start(ctx, "none"))
	if f := await[*client.MatchFailed](t, ps[1]); f.Code != "allocation_failed" {
		t.Errorf("no server there: %+v", f)
	}
	must(t, ps[0].Start(ctx, ""))
	m := await[*client.MatchStarted](t, ps[1]).Match
	if m.Server.Address != "10.0.0.7" || m.Server.Port != 7000 || m.Server.Name != "s-"+m.MatchID {
		t.Errorf("%+v", m.Server)
	}
	var payload string
	must(t, ps[0].Rpc(ctx, "payload", nil, &payload))
	must(t, report(ctx, []byte(payload)))
	await[*client.MatchEnded](t, ps[1])
	eventually(t, "that the server is given back", func() bool {
		var released string
		must(t, ps[0].Rpc(ctx, "released", nil, &released))
		return released == m.MatchID
	})
}

// TestScriptHears: a script is told what happens, in order.
func TestScriptHears(t *testing.T) {
	r := newScripted(t, scriptBlock, `
import type { EventHandlers, RpcHandlers } from "muster";
const note = async (ctx, line) => { await ctx.storage.update("heard", (old) => [...(old ?? []), line]); };
export const on: EventHandlers = {
  accountCreated: (ctx, e) => note(ctx, "account " + e.username + " by " + e.identity.provider),
  sessionOpened: (ctx, e) => note(ctx, "open " + e.username),
  sessionClosed: (ctx, e) => note(ctx, "close " + e.username + " " + e.code),
  lobbyCreated: (ctx, e) => note(ctx, "lobby of " + e.lobby.teams[0].players[0].username),
  playerJoined: (ctx, e) => note(ctx, e.player.username + " joined"),
  playerLeft: (ctx, e) => note(ctx, e.player.username + " left: " + e.reason),
  matchStarted: (ctx, e) => note(ctx, "match at " + e.match.server.port),
  matchEnded: (ctx, e) => note(ctx, "result " + e.report.teams[0].rank + e.code),
};
export const rpc: RpcHandlers = { heard: async (ctx) => (await ctx.storage.get("heard")) ?? [], };
`)
	ctx := t.Context()
	ps, made := r.together("ann", "bob")
	cid := r.player("cid")
	_, err := cid.Join(ctx, client.JoinOptions{Code: made.Code})
	must(t, err)
	must(t, ps[0].Kick(ctx, cid.id))
	must(t, ps[0].Start(ctx, ""))
	await[*client.MatchStarted](t, ps[1])
	must(t, report(ctx, []byte(r.platform.Calls()[0].Payload)))
	await[*client.MatchEnded](t, ps[1])
	ps[1].Close()
	var heard []string
	eventually(t, "that bob's socket is closed", func() bool {
		must(t, ps[0].Rpc(ctx, "heard", nil, &heard))
		return slices.ContainsFunc(heard, func(s string) bool { return strings.HasPrefix(s, "close bob") })
	})
	at := 0
	for _, want := range []string{"account ann by anonymous", "open ann", "lobby of ann", "bob joined", "cid joined", "cid left: kicked", "match at ", "result ", "close bob"} {
		i := slices.IndexFunc(heard[at:], func(s string) bool { return strings.HasPrefix(s, want) })
		if i < 0 {
			t.Fatalf("%q did not come in its place: %q", want, heard)
		}
		at += i + 1
	}
}

// TestPluginSettingsAreChecked: what a plugin does not take is told by its place in
// the file, before anything serves.
func TestPluginSettingsAreChecked(t *testing.T) {
	for name, c := range map[string]struct{ change, says string }{
		"a typo":    {"dirr = 1", `there is no "dirr"`},
		"a list":    {`dir = ["a"]`, "dir"},
		"a missing": {"", "dir"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			block := pluginBlock("DIR")
			block = strings.Replace(block, `dir = "DIR"`, c.change, 1)
			writeConfig(t, dir, `game "arena" {`+block+`
  hooks "plugin" {
    use = "moody"
  }
}
`)
			said := refusedStart(t, dir)
			if !strings.Contains(said, dir+"/config.hcl:") || !strings.Contains(strings.ToLower(said), c.says) {
				t.Errorf("said\n%s", said)
			}
		})
	}
}
