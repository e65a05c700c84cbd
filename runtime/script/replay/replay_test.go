package replay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/replay"
	"github.com/muster-gg/muster/sdk/hook"
)

// everything is a script that uses all that comes from outside, several things at a
// time and in an order that only the tape knows.
const everything = `
const loadedAt = Date.now(), salt = Math.random();
let calls = 0;
export const rpc = {
  async f(ctx, payload) {
    const order = [];
    const note = (name) => (v) => { order.push([name, Date.now()]); return v; };
    const wait = (ms, name) => new Promise((done) => setTimeout(() => done(note(name)(name)), ms));
    const storage = ctx.storage.account(ctx.player.accountId);
    const got = await Promise.all([
      ctx.fetch("URL/?wait=b", { headers: { Authorization: "secret one", "x-plain": "seen" } }).then(note("b")),
      ctx.fetch("URL/?wait=a", { method: "POST", body: JSON.stringify({ at: "a" }), headers: { "X-Api-Key": "secret two" } }).then(note("a")),
      wait(3, "late"), wait(1, "soon"), wait(0, "now"),
      storage.update("visits", (old) => (old ?? 0) + 1).then(note("visits")),
      ctx.storage.set("x", { y: [ctx.random(), "<&>\u2028"] }).then(note("set")),
      ctx.storage.set("x", 5, { version: 999 }).catch((e) => note("conflict")(e.code + e.message)),
      ctx.notify("ann", "gift", { at: ctx.now() }).then(note("notify")),
      ctx.notify("ann", "").catch((e) => e.code),
      ctx.fetch("http://example.com/").catch((e) => [e.code, e.message]),
      ctx.storage.getMany([]), ctx.storage.list({ prefix: "" }),
    ]);
    const raced = await Promise.race([wait(50_000, "never"), ctx.fetch("URL/").then((r) => [Object.keys(r.headers).filter((k) => k[0] === "x"), r.json()])]);
    console.log("called", ++calls, order.length);
    ctx.log.info("with fields", { calls, salt });
    return { order, got: got.map((g) => (g && g.json ? [g.json(), Object.keys(g.headers)] : g)), raced, salt, loadedAt, calls, now: new Date().toISOString(), entry: (await ctx.storage.entry("x"))?.version ?? 0, roll: [Math.random(), ctx.random()] };
  },
};`

// TestSame: however often a call is repeated, it comes to the answer that it had.
func TestSame(t *testing.T) {
	url, options := server(t)
	s := record(t, strings.ReplaceAll(everything, "URL", url), options)
	for range 3 {
		r, answer, err := s.call(hook.PointRpc, rpcRequest)
		if err != nil {
			t.Fatal(err)
		}
		before := &hook.RpcResponse{}
		if err := protojson.Unmarshal(r.Answer, before); err != nil || !proto.Equal(before, answer) {
			t.Fatalf("the answer was recorded as %s", r.Answer)
		}
		if calls := answer.(*hook.RpcResponse).GetPayload().GetStructValue().GetFields()["calls"].GetNumberValue(); calls != 1 {
			t.Errorf("a recorded call came to a machine that served %v before", calls-1)
		}
		for range 20 {
			result, text := s.run(r)
			if !result.Same || result.Version != s.v.Hash() || len(result.Notes) > 0 {
				t.Fatal(text)
			}
			if !strings.Contains(text, "log: info: called 1 ") || !strings.Contains(text, `log: info: with fields {"calls":1,"salt":`) {
				t.Fatalf("what it logged is not in\n%s", text)
			}
		}
		data, err := r.Encode()
		if err != nil || bytes.Contains(data, []byte("secret one")) && !bytes.Contains(r.Answer, []byte("secret one")) {
			t.Error("a secret header is in the recording")
		}
		for i := range r.Tape {
			if w := r.Tape[i].Work; w != nil && len(w.Asked) > 0 && w.Asked[0].Fetch != nil {
				for name, value := range w.Asked[0].Fetch.Headers {
					if (name == "X-Plain") == (value == script.Redacted) {
						t.Errorf("the header %s is recorded as %q", name, value)
					}
				}
			}
		}
	}
}

// TestWritten: a recording that was indented for people is the same.
func TestWritten(t *testing.T) {
	url, options := server(t)
	s := record(t, strings.ReplaceAll(everything, "URL", url), options)
	data, err := s.rpc().Encode()
	if err != nil {
		t.Fatal(err)
	}
	var spaced bytes.Buffer
	if err := json.Indent(&spaced, data, "", "  "); err != nil {
		t.Fatal(err)
	}
	r, err := replay.Read(&spaced)
	if err != nil {
		t.Fatal(err)
	}
	if result, text := s.run(r); !result.Same {
		t.Error(text)
	}
}

// TestEnds: however a call ends, its replay ends so.
func TestEnds(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		kind script.FailedKind
	}{
		"refused":                {`(ctx) => ctx.refuse("no", { ann: "you", bob: "too" })`, script.FailedRefusal},
		"invalid":                {`(ctx) => ctx.invalid("what")`, script.FailedRefusal},
		"unreachable":            {`(ctx) => ctx.unreachable("503")`, script.FailedUnreachable},
		"an error":               {`async (ctx) => { await ctx.storage.get("x"); throw new Error("at " + ctx.now()); }`, script.FailedError},
		"wrong answer":           {`() => () => 1`, script.FailedError},
		"never settles":          {`() => new Promise(() => {})`, script.FailedError},
		"out of time":            {`() => { for (;;); }`, script.FailedTimeout},
		"busy until":             {`() => { const end = Date.now() + 60_000; while (Date.now() < end); }`, script.FailedTimeout},
		"out of time for timers": {`() => new Promise((done) => setTimeout(done, 60_000))`, script.FailedTimeout},
		"out of time with work":  {`(ctx) => { ctx.storage.get("x"); for (;;); }`, script.FailedTimeout},
		"out of time for work":   {`async (ctx) => { await ctx.notify("ann", "quick"); await ctx.notify("ann", "slow").catch(() => {}); return 1; }`, script.FailedTimeout},
		"too much work":          {`async (ctx) => { await Promise.all(Array.from({ length: 20 }, () => ctx.notify("ann", "slow").catch(() => {}))); return 1; }`, script.FailedTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := record(t, "export const rpc = { f: "+c.body+" };", func(o *script.Options) {
				if c.kind == script.FailedTimeout {
					o.Timeout = 300 * time.Millisecond
				}
			})
			s.host = slow{s.host}
			r := s.rpc()
			if r.Failed == nil || r.Failed.Kind != c.kind {
				t.Fatalf("recorded as %+v", r.Failed)
			}
			for range 3 {
				if result, text := s.run(r); !result.Same {
					t.Error(text)
				}
			}
		})
	}
	s := record(t, `export const rpc = { g() {} }`)
	if r := s.rpc(); r.Failed == nil || r.Failed.Kind != script.FailedUnknownRpc {
		t.Errorf("recorded as %+v", r.Failed)
	} else if result, text := s.run(r); !result.Same {
		t.Error(text)
	}
}

// TestLate: a call that was stopped in the middle of its work comes to its end where
// nothing takes time. That is said, and is a difference of a changed script only.
func TestLate(t *testing.T) {
	const source = `export const rpc = { async f(ctx) { await ctx.notify("ann", "quick"); while (ctx.random() < 0.5); return 1; } };`
	s := record(t, source, func(o *script.Options) {
		o.Timeout = 400 * time.Millisecond
		o.Rand = func() float64 {
			for began := time.Now(); time.Since(began) < o.Timeout; {
			}
			return 0.7
		}
	})
	r := s.rpc()
	if r.Failed == nil || r.Failed.Kind != script.FailedTimeout {
		t.Fatalf("recorded as %+v", r.Failed)
	}
	const note = "\n    note: the call ran out of time where it was recorded; a replay does not wait for anything, and came to an end\n"
	if result, text := s.run(r); !result.Same || !strings.Contains(text, note) {
		t.Error(text)
	}
	s.rewrite(source + "// changed\nexport const x = 1;")
	if result, text := s.run(r); result.Same || !strings.Contains(text, note) || !strings.Contains(text, "    is: {\"payload\":1}\n") {
		t.Error(text)
	}
}

// slow is a platform where one kind of notice takes for ever.
type slow struct{ hook.Host }

func (s slow) Notify(ctx context.Context, account, kind string, payload json.RawMessage) error {
	if kind == "slow" {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.Host.Notify(ctx, account, kind, payload)
}

// TestPoints: requests of all kinds come back as they were.
func TestPoints(t *testing.T) {
	s := record(t, `
		export const validateStart = (ctx, lobby) => { if (lobby.teams.length < 3) ctx.refuse("three teams", { ann: lobby.name }); };
		export const assignTeam = (ctx, lobby, player) => lobby.teams[Math.floor(ctx.random() * lobby.teams.length)].name;
		export const on = { playerLeft(ctx, event, at) { console.log(event.reason, at); } };`)
	lobby := &hook.Lobby{Id: "l1", Name: "Friday", Teams: []*hook.Team{{Name: "A", Size: 2}, {Name: "B", Size: 2}}}
	for p, request := range map[hook.Point]proto.Message{
		hook.PointValidateStart: &hook.ValidateStartRequest{Lobby: lobby},
		hook.PointAssignTeam:    &hook.AssignTeamRequest{Lobby: lobby, Player: &hook.Player{AccountId: "ann"}},
		hook.PointEvents:        &hook.Event{At: 1_767_225_600_123, Kind: &hook.Event_PlayerLeft{PlayerLeft: &hook.PlayerLeft{Reason: "left"}}},
	} {
		r, _, _ := s.call(p, request)
		back := p.NewRequest()
		if err := protojson.Unmarshal(r.Request, back); err != nil || !proto.Equal(back, request) {
			t.Errorf("%s: the request was recorded as %s", p, r.Request)
		}
		if result, text := s.run(r); !result.Same || !strings.Contains(text, "same — "+string(p)+" of ") {
			t.Error(text)
		}
	}
}

// contested is a platform where somebody else is always faster.
type contested struct{ hook.Host }

func (c contested) Storage() hook.Storage { return never{c.Host.Storage()} }

type never struct{ hook.Storage }

func (never) Set(context.Context, string, string, json.RawMessage, hook.Version) (hook.Version, error) {
	return 0, hook.ErrConflict
}

// TestGivesUp: an update that tries until there is no time left tries as often in
// a replay, which has more time, and takes none to wait.
func TestGivesUp(t *testing.T) {
	s := record(t, `export const rpc = { f: (ctx) => ctx.storage.update("n", () => 1).catch((e) => e.code + ctx.now()) };`, func(o *script.Options) { o.Timeout = 300 * time.Millisecond })
	s.host = contested{s.host}
	r := s.rpc()
	if !strings.Contains(string(r.Answer), "conflict") {
		t.Fatalf("%s %+v", r.Answer, r.Failed)
	}
	for range 20 {
		if result, text := s.run(r); !result.Same {
			t.Fatal(text)
		}
	}
}

// TestManyAtOnce: calls that are recorded at the same time do not get into each other's
// recordings.
func TestManyAtOnce(t *testing.T) {
	s := record(t, `let calls = 0; export const rpc = { f: async (ctx) => {
		const id = ctx.player.accountId, mine = ctx.storage.account(id);
		await mine.set("id", id);
		return [id, await mine.get("id"), ctx.random(), ++calls];
	} };`)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			request := &hook.RpcRequest{Name: "f", Player: &hook.Player{AccountId: fmt.Sprint("player ", i)}}
			if err := s.v.Invoke(hook.WithHost(t.Context(), s.host), hook.PointRpc, request, &hook.RpcResponse{}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(s.keeper.kept) != 16 {
		t.Fatalf("%d recordings", len(s.keeper.kept))
	}
	for _, r := range s.keeper.kept {
		if result, text := s.run(r); !result.Same {
			t.Error(text)
		}
	}
}
