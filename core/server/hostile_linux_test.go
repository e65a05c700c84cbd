package server_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/sdk/client"
)

// hostile is a function of rules that mean it badly, or are full of mistakes.
type hostile struct {
	name, body string
	// process says that only a process of its own contains it.
	process bool
}

// deep is a list in a list in a list, and so on.
const deep = `let a: any = []; for (let i = 0; i < 1e5; i++) a = [a];`

var hostiles = []hostile{
	{name: "loop", body: `for (;;) ;`},
	{name: "finally", body: `for (;;) { try { for (;;) ; } finally { continue; } }`},
	{name: "promises", body: `return (async () => { for (;;) await null; })();`},
	{name: "repeat", body: `return 'x'.repeat(2 ** 28);`},
	{name: "repeat more", body: `return 'x'.repeat(2 ** 40);`},
	{name: "padEnd", body: `return 'x'.padEnd(2 ** 30);`},
	{name: "doubling", body: `let s = 'x'; for (;;) s += s;`},
	{name: "fill", body: `return new Array(5e7).fill(0);`},
	{name: "from", body: `return Array.from({ length: 1e7 });`},
	{name: "buffer", body: `return new ArrayBuffer(2 ** 36).byteLength;`},
	{name: "typed array", body: `return new Float64Array(2 ** 33).length;`},
	{name: "parse", body: `return JSON.parse('['.repeat(3e6));`},
	{name: "stringify", body: deep + `return JSON.stringify(a);`},
	{name: "text", body: deep + `return String(a);`},
	{name: "flat", body: deep + `return a.flat(Infinity);`},
	{name: "back reference", body: `return /^(a+)+\1$/.test('a'.repeat(30) + '!');`},
	{name: "look ahead", body: `return /^(?=(a+)+$)/.test('a'.repeat(30) + '!');`},
	{name: "last index", body: `const re = /(a+)+$/g; re.lastIndex = 1; return re.test('a'.repeat(40) + '!');`},
	{name: "recursion", body: `const f = (): any => f() + 1; return f();`},
	{name: "recursion in sort", body: `const f = (): any => [2, 1].sort(() => f()); return f();`},
	{name: "recursion in toString", body: `const o: any = { toString: () => String(o) }; return String(o);`},
	{name: "Function", body: `return (() => 1).constructor('return 1')();`},
	{name: "AsyncFunction", body: `return (async () => 1).constructor('return 1')();`},
	{name: "GeneratorFunction", body: `return (function* () {}).constructor('return 1')();`},
	{name: "getter", body: `return { get x() { for (;;) ; } };`},
	{name: "huge answer", body: `return Array.from({ length: 13 }, () => 'x'.repeat(4e6));`},
	{name: "cyclic answer", body: `const o: any = {}; o.o = o; return o;`},
	{name: "long answer", body: `const a: any[] = []; a.length = 2 ** 32 - 1; return a;`},
	{name: "shared answer", body: `let a: any = [1]; for (let i = 0; i < 30; i++) a = [a, a]; return a;`},
	{name: "tampered", body: `Array.prototype.fill = function () { return this; }; Math.max = () => 0; Object.defineProperty(String.prototype, 'length', { get: () => 0 });
	  return 'x'.repeat({ valueOf: () => 2 ** 28 } as any);`},
	{name: "objects", body: `for (;;) kept.push({ a: [1, 2, 3] });`},
	{name: "arrays", body: `for (;;) kept.push(new Uint8Array(1 << 20));`},
	{name: "native iterator", body: `return [...endless];`, process: true},
	{name: "native spread", body: `return Math.max(...endless);`, process: true},
	{name: "exec", body: `const re: any = /a/g; re.exec = () => ({}); return re[Symbol.replace]('a', '');`, process: true},
}

// hostileRules are all of them as an rpc, and as the rule of a start.
func hostileRules(process bool) string {
	var b strings.Builder
	b.WriteString("const kept: any[] = [];\nconst endless: any = { [Symbol.iterator]: () => ({ next: Object }) };\nconst doing: Record<string, () => any> = {\n")
	for _, h := range hostiles {
		if process || !h.process {
			fmt.Fprintf(&b, "  %q: () => { %s },\n", h.name, h.body)
		}
	}
	b.WriteString(`};
export const rpc = {
  does: (_: any, what: string) => doing[what](),
  echo: (_: any, said: string) => said,
};
export function validateStart(_: any, lobby: any) { if (doing[lobby.name]) doing[lobby.name](); }
`)
	return b.String()
}

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

// TestHostileGame runs hostile rules on a server of its own, in either isolation,
// while the players of another game sign in, get ready and start.
func TestHostileGame(t *testing.T) {
	for _, isolation := range []string{"embedded", "process"} {
		t.Run(isolation, func(t *testing.T) { hostileGame(t, isolation) })
	}
}

func hostileGame(t *testing.T, isolation string) {
	const timeout, slack = 250 * time.Millisecond, 750 * time.Millisecond // the contract has 50 ms; machines of tests are busy
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "bad.ts"), hostileRules(isolation == "process"))
	platform := gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: "key"})
	t.Cleanup(platform.Close)
	bad := strings.TrimSuffix(strings.TrimSpace(stubGame("bad", platform.URL, "")), "}")
	block := fmt.Sprintf("\n  hooks \"script\" {\n    entry = %q\n    isolation = %q\n    timeout = %q\n  }\n}\n", filepath.Join(dir, "bad.ts"), isolation, timeout)
	writeConfig(t, dir, stubGame("good", platform.URL, "")+bad+block)
	node := runNode(t, dir)
	w := &world{t: t, platform: platform, url: node.url}

	others, stop := context.WithCancel(t.Context())
	defer stop()
	var starts atomic.Int64
	var slowest time.Duration
	done := make(chan error, 1)
	go func() { done <- w.plays(others, &starts, &slowest) }()

	caller := w.inGame("bad", "mallory")
	defer caller.Close()
	var longest time.Duration
	for _, h := range hostiles {
		if h.process && isolation != "process" {
			continue
		}
		began := time.Now()
		err := caller.Rpc(t.Context(), "does", h.name, nil)
		took := time.Since(began)
		if longest = max(longest, took); took > timeout+slack {
			t.Errorf("%s was answered after %s", h.name, took)
		}
		var e *client.Error
		if !errors.As(err, &e) || !slices.Contains([]string{"hook_failed", "hook_timeout", "hook_unavailable"}, e.Code) {
			t.Errorf("%s: %v", h.name, err)
		}
		var said string
		if err := caller.Rpc(t.Context(), "echo", "hello", &said); err != nil || said != "hello" {
			t.Errorf("the call after %s: %q %v", h.name, said, err)
		}
	}
	for _, name := range []string{"loop", "doubling", "back reference"} {
		_, err := caller.CreateLobby(t.Context(), client.LobbyOptions{Name: name})
		must(t, errors.Join(err, caller.FillBots(t.Context(), 1), caller.Ready(t.Context(), true), caller.Start(t.Context(), "")))
		if e := await[*client.MatchFailed](t, caller); !strings.HasPrefix(e.Code, "hook_") {
			t.Errorf("a start that its rules do not answer: %+v", e)
		}
		must(t, caller.Leave(t.Context()))
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("the other game: %v", err)
	}
	if starts.Load() == 0 || slowest > 2*time.Second {
		t.Errorf("the other game: %d starts, the slowest took %s", starts.Load(), slowest)
	}
	peak := peakOf(t, node.cmd.Process.Pid)
	t.Logf("the longest call took %s; the other game: %d sign-ins and starts meanwhile, the slowest took %s; the server used %d MiB at most",
		longest, starts.Load(), slowest, peak>>20)
	if peak > 1<<30 {
		t.Errorf("the server used %d MiB", peak>>20)
	}
}

// peakOf is the most memory that a process has used, in bytes.
func peakOf(t testing.TB, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	must(t, err)
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	must(t, err)
	return kib << 10
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
