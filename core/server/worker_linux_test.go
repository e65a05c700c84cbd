package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/sdk/client"
)

// hostileRules are rules of a game that mean it badly.
const hostileRules = `
const kept: any[] = [];
const endless: any = { [Symbol.iterator]: () => ({ next: Object }) };
const doing: Record<string, () => any> = {
  loop: () => { for (;;) {} },
  finally: () => { for (;;) { try { for (;;) {} } finally { continue; } } },
  natives: () => [...endless],
  spread: () => Math.max(...endless),
  objects: () => { for (;;) kept.push({ a: [1, 2, 3] }); },
  arrays: () => { for (;;) kept.push(new Uint8Array(1 << 20)); },
  strings: () => { let s = 'x'; for (;;) { s += s; kept.push(s.toUpperCase()); } },
  nested: () => JSON.parse('['.repeat(3e6)),
  deep: () => { let a: any = []; for (let i = 0; i < 2e6; i++) a = [a]; return String(a) + JSON.stringify(a); },
  bigint: () => String(2n ** (10n ** 9n)),
};
export const rpc = {
  does: (_: any, what: string) => doing[what](),
  echo: (_: any, said: string) => said,
};
export function validateStart(_: any, lobby: any) { if (doing[lobby.name]) doing[lobby.name](); }
`

// inGame is a player of one of several games.
func (w *world) inGame(game, name string) *player {
	w.t.Helper()
	s, err := client.New(client.Config{URL: w.url, Game: game}).SignIn(w.t.Context(), name, "")
	must(w.t, err)
	p := &player{id: s.Account.ID, token: s.AccessToken, told: make(chan client.Event, 1024)}
	p.Conn, err = client.Dial(w.t.Context(), client.Options{URL: w.url, Game: game, Token: p.token, Level: 1, OnEvent: func(e client.Event) { p.told <- e }})
	must(w.t, err)
	return p
}

// TestHostileGame runs hostile rules in a process of their own, while the players of
// another game sign in, get ready and start.
func TestHostileGame(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "bad.ts"), hostileRules)
	platform := gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: "key"})
	t.Cleanup(platform.Close)
	bad := strings.TrimSuffix(strings.TrimSpace(stubGame("bad", platform.URL, "")), "}")
	block := fmt.Sprintf("\n  hooks \"script\" {\n    entry = %q\n    isolation = \"process\"\n    timeout = \"250ms\"\n  }\n}\n", filepath.Join(dir, "bad.ts"))
	node := startNode(t, stubGame("good", platform.URL, "")+bad+block)
	r := &ruled{world: &world{t: t, platform: platform, url: node.PublicURL()}, node: node, dir: dir}

	others, stop := context.WithCancel(t.Context())
	defer stop()
	var starts atomic.Int64
	var slowest time.Duration
	done := make(chan error, 1)
	go func() { done <- r.plays(others, &starts, &slowest) }()

	caller := r.inGame("bad", "mallory")
	defer caller.Close()
	for _, what := range []string{"loop", "finally", "natives", "spread", "objects", "arrays", "strings", "nested", "deep", "bigint"} {
		began := time.Now()
		err := caller.Rpc(t.Context(), "does", what, nil)
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s was answered after %s", what, took)
		}
		var e *client.Error
		if !errors.As(err, &e) || !slices.Contains([]string{"hook_failed", "hook_timeout"}, e.Code) {
			t.Errorf("%s: %v", what, err)
		}
		// A crash after the second within ten seconds is waited for.
		eventually(t, "the worker serves after "+what, func() bool {
			var said string
			return caller.Rpc(t.Context(), "echo", "hello", &said) == nil && said == "hello"
		})
	}
	if _, err := caller.CreateLobby(t.Context(), client.LobbyOptions{Name: "natives"}); err != nil {
		t.Fatal(err)
	}
	must(t, errors.Join(caller.FillBots(t.Context(), 1), caller.Ready(t.Context(), true)))
	must(t, caller.Start(t.Context(), ""))
	if e := await[*client.MatchFailed](t, caller); e.Code != "hook_timeout" && e.Code != "hook_failed" { // it is too late, or uses too much memory
		t.Errorf("a start that its rules do not answer: %+v", e)
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("the other game: %v", err)
	}
	if starts.Load() == 0 || slowest > time.Second {
		t.Errorf("the other game: %d starts, the slowest took %s", starts.Load(), slowest)
	}
	t.Logf("the other game: %d sign-ins and starts meanwhile, the slowest took %s", starts.Load(), slowest)
	if !strings.Contains(r.ready(), `"script bad/bad.ts"`) {
		t.Errorf("%s", r.ready())
	}
}

// plays signs in, gets ready and starts, again and again until ctx ends.
func (w *world) plays(ctx context.Context, starts *atomic.Int64, slowest *time.Duration) error {
	for i := 0; ctx.Err() == nil; i++ {
		began := time.Now()
		p := w.inGame("good", fmt.Sprint("player ", i))
		_, err := p.CreateLobby(w.t.Context(), client.LobbyOptions{})
		if err == nil {
			err = errors.Join(p.FillBots(w.t.Context(), 1), p.Ready(w.t.Context(), true), p.Start(w.t.Context(), ""))
		}
		if err != nil {
			return err
		}
		await[*client.MatchStarted](w.t, p)
		p.Close()
		starts.Add(1)
		*slowest = max(*slowest, time.Since(began))
	}
	return nil
}

const workerBlock = `
  hooks "script" {
    entry     = "DIR/rules.ts"
    timeout   = "10s"
    isolation = "process"
  }`

// TestWorkerReloads saves a script in a process of its own again and again while
// players call it: no call fails, each version comes into use, and the old
// processes end.
func TestWorkerReloads(t *testing.T) {
	const reloads = 15
	r := newScripted(t, workerBlock, versioned(0))
	calls := r.load(2, func(ctx context.Context, p *player) error {
		_, err := versionOf(ctx, p)
		return err
	})
	watcher := r.player("watcher")
	for i := 1; i <= reloads; i++ {
		r.file("rules.ts", versioned(i))
		eventually(t, fmt.Sprint("version ", i), func() bool {
			got, err := versionOf(t.Context(), watcher)
			must(t, err)
			return got == i
		})
	}
	if n := calls.end(); n < reloads {
		t.Errorf("%d calls are no load", n)
	}
	r.file("rules.ts", "export const rpc = {")
	eventually(t, "a mistake is told", func() bool { return strings.Contains(r.ready(), `"ok":false`) })
	if got, err := versionOf(t.Context(), watcher); got != reloads || err != nil {
		t.Errorf("%d %v", got, err)
	}
	r.file("rules.ts", versioned(1))
	eventually(t, "a good version again", func() bool { return !strings.Contains(r.ready(), `"ok":false`) })

	// `muster plugin` knows it too.
	all := r.plugins()
	if len(all) != 1 || all[0].Name != "rules.ts" || all[0].Program != "script" || all[0].State != "running" || all[0].PID == 0 {
		t.Fatalf("%+v", all)
	}
	if status, body := r.reload("rules.ts"); status != http.StatusOK {
		t.Errorf("%d %s", status, body)
	}
	if now := r.plugins(); now[0].PID == all[0].PID {
		t.Error("the reload has the same process")
	}
}
