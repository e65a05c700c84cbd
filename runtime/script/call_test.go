package script_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hook"
)

// rpc calls the function `f` of a script, with a payload if one is given.
func rpc(t testing.TB, v *script.Version, payload ...any) (any, error) {
	t.Helper()
	request := &hook.RpcRequest{Game: "arena", Name: "f", Player: &hook.Player{AccountId: "a1"}}
	if len(payload) > 0 {
		value, err := structpb.NewValue(payload[0])
		if err != nil {
			t.Fatal(err)
		}
		request.Payload = value
	}
	answer, err := v.Impl().Rpc(context.Background(), request)
	if err != nil {
		return nil, err
	}
	return answer.GetPayload().AsInterface(), nil
}

// one is a script whose only function is f.
func one(body string) string { return "export const rpc = { f: " + body + " };" }

func TestValidateStart(t *testing.T) {
	tests := map[string]struct {
		body   string
		reason string // of the refusal; "-" allows
		own    map[string]string
	}{
		"undefined":      {`() => {}`, "-", nil},
		"null":           {`() => null`, "-", nil},
		"true":           {`() => true`, "-", nil},
		"later":          {`async () => { await 0; return true }`, "-", nil},
		"false":          {`() => false`, "", nil},
		"decision":       {`() => ({ allow: true })`, "-", nil},
		"refuses":        {`() => ({ allow: false, reason: "no", playerReasons: { a1: "you" } })`, "no", map[string]string{"a1": "you"}},
		"without allow":  {`() => ({ reason: "no" })`, "no", nil},
		"thrown":         {`(ctx) => ctx.refuse("no", { a1: "you" })`, "no", map[string]string{"a1": "you"}},
		"thrown later":   {`async (ctx) => { await 0; ctx.refuse("later") }`, "later", nil},
		"rethrown":       {`async (ctx) => { try { await (async () => ctx.refuse("again"))() } catch (e) { throw e } }`, "again", nil},
		"of all":         {`async (ctx) => { await Promise.all([0, (async () => { await 0; ctx.refuse("all") })()]) }`, "all", nil},
		"caught":         {`(ctx) => { try { ctx.refuse("no") } catch {} }`, "-", nil},
		"caught, looked": {`(ctx) => { try { ctx.refuse("no") } catch (e) { if (!(e instanceof Error) || e.message !== "no" || e.name !== "Refusal") throw 1 } return true }`, "-", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			v := load(t, "export const validateStart: any = "+test.body)
			err := v.Impl().ValidateStart(context.Background(), twoTeams())
			refusal, refused := hook.AsRefusal(err)
			switch {
			case test.reason == "-" && err != nil, test.reason != "-" && !refused:
				t.Fatalf("the error is %v", err)
			case refused && (refusal.GetReason() != test.reason || len(refusal.GetPlayerReasons()) != len(test.own) || refusal.GetPlayerReasons()["a1"] != test.own["a1"]):
				t.Errorf("the refusal is %v", refusal)
			}
		})
	}
}

func TestInvalidAndUnreachable(t *testing.T) {
	v := load(t, `export const authenticate: any = async (ctx, request) => {
		if (request.fields.token === undefined) ctx.invalid("no token");
		ctx.unreachable(new Error("503"));
	}`)
	_, err := v.Impl().Authenticate(context.Background(), &hook.AuthRequest{})
	if refusal, ok := hook.AsRefusal(err); !ok || !refusal.GetInvalid() || refusal.GetReason() != "no token" {
		t.Errorf("the error is %v", err)
	}
	_, err = v.Impl().Authenticate(context.Background(), &hook.AuthRequest{Fields: map[string]*structpb.Value{"token": text("x")}})
	if !hook.IsUnreachable(err) || !strings.Contains(err.Error(), "503") {
		t.Errorf("the error is %v", err)
	}
}

func TestRpcAndEvents(t *testing.T) {
	v := load(t, `
		const seen: unknown[] = [];
		export const rpc = {
			f(ctx, payload) { return [typeof payload, payload, ctx.player.accountId, ctx.game, ctx.point, this.other()] },
			other: () => "other",
			seen: () => seen,
			nothing() {},
		};
		export const on = { playerLeft(ctx, event, at) { seen.push([event.player.username, event.reason, at, Object.keys(ctx).includes("player")]); return 5 } };
	`)
	got, err := rpc(t, v, "p")
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, []any{"string", "p", "a1", "arena", "rpc", "other"})
	got, err = rpc(t, v)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got.([]any)[0], "undefined")

	_, err = v.Impl().Rpc(context.Background(), &hook.RpcRequest{Name: "none"})
	if !errors.Is(err, hook.ErrUnknownRpc) {
		t.Errorf("the error is %v", err)
	}
	answer, err := v.Impl().Rpc(context.Background(), &hook.RpcRequest{Name: "nothing"})
	if err != nil || answer.GetPayload() != nil {
		t.Errorf("the answer is %v, %v", answer, err)
	}

	event := &hook.Event{At: 99, Kind: &hook.Event_PlayerLeft{PlayerLeft: &hook.PlayerLeft{Player: &hook.Player{Username: "ann"}, Reason: "left"}}}
	if err := v.Impl().HandleEvent(context.Background(), event); err != nil {
		t.Fatal(err)
	}
	if err := v.Impl().HandleEvent(context.Background(), &hook.Event{Kind: &hook.Event_SessionOpened{SessionOpened: &hook.SessionOpened{}}}); err != nil {
		t.Errorf("an event without a function: %v", err)
	}
	answer, err = v.Impl().Rpc(context.Background(), &hook.RpcRequest{Name: "seen"})
	if err != nil {
		t.Fatal(err)
	}
	same(t, answer.GetPayload().AsInterface(), []any{[]any{"ann", "left", 99.0, false}})
}

func TestFailures(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"type error":      {"(c, p) => {\n  return p.x.y;\n}", "arena.ts:2:14: TypeError: Cannot read property 'y' of undefined"},
		"own error":       {"() => { throw new RangeError('big') }", "arena.ts:1:39: RangeError: big"},
		"no error":        {"() => { throw { code: 1 } }", "arena.ts:1:33: threw an object"},
		"later":           {"async () => {\n  await 0;\n  throw new Error('late');\n}", "arena.ts:3:9: Error: late"},
		"recursion":       {"function f() { return f() }", "functions call each other over 1000 levels deep"},
		"never":           {"() => new Promise(() => {})", "rpc: the promise that the function returned can never be settled"},
		"evil message":    {"() => { throw Object.defineProperty(new Error('x'), 'message', { get() { throw 1 } }) }", "threw an Error"},
		"reading refused": {"(ctx) => { ctx.game = 'x' }", "TypeError: ctx.game cannot be changed"},
		"no text":         {"(ctx) => ctx.refuse(5)", "refuse needs a reason as text, got the number 5"},
		"reasons":         {"(ctx) => ctx.refuse('no', { a: 1 })", "refuse: playerReasons.a: must be text, is the number 1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := rpc(t, load(t, one(test.body)), map[string]any{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %s", err, test.want)
			}
			if _, refused := hook.AsRefusal(err); refused {
				t.Error("it counts as a refusal")
			}
		})
	}
}

// TestObjectsEndWithTheirCall shows that a message is not read after its call.
func TestObjectsEndWithTheirCall(t *testing.T) {
	v := load(t, `let kept; export const validateStart = (_, lobby) => {
		if (kept) { const read = kept.name; if (read !== "Friday") throw new Error("lost"); kept.teams; }
		lobby.name; kept = lobby;
	}`)
	if err := v.Impl().ValidateStart(context.Background(), twoTeams()); err != nil {
		t.Fatal(err)
	}
	err := v.Impl().ValidateStart(context.Background(), twoTeams())
	if err == nil || !strings.Contains(err.Error(), "this object belongs to a call that is over") {
		t.Errorf("the error is %v", err)
	}
}

// TestRequestIsLeftAlone shows that what a script writes is its own.
func TestRequestIsLeftAlone(t *testing.T) {
	v := load(t, `export const beforeLobbyCreate: any = (_, draft) => {
		draft.name = "changed"; draft.properties.map = "other"; draft.properties.more = [1]; delete draft.owner.username; draft.owner.identities.push({ provider: "p" });
		return draft;
	}`)
	draft := &hook.LobbyDraft{Name: "Friday", Properties: map[string]*structpb.Value{"map": text("dust")}, Owner: &hook.Player{AccountId: "a1", Username: "ann"}}
	before := proto.CloneOf(draft)
	answer, err := v.Impl().BeforeLobbyCreate(context.Background(), draft)
	if err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(draft, before) {
		t.Errorf("the request became %v", draft)
	}
	if answer.GetName() != "changed" || answer.GetProperties()["map"].GetStringValue() != "other" || answer.GetOwner().GetUsername() != "" || len(answer.GetOwner().GetIdentities()) != 1 {
		t.Errorf("the answer is %v", answer)
	}
}

func TestClockAndRand(t *testing.T) {
	v := load(t, one(`(ctx) => [ctx.now(), Date.now(), new Date().toISOString(), ctx.random(), Math.random()]`), func(o *script.Options) {
		o.Clock = func() time.Time { return time.UnixMilli(1_700_000_000_123).UTC() }
		o.Rand = func() float64 { return 0.25 }
	})
	got, err := rpc(t, v)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, []any{1_700_000_000_123.0, 1_700_000_000_123.0, "2023-11-14T22:13:20.123Z", 0.25, 0.25})
}

func TestTimers(t *testing.T) {
	v := load(t, one(`async () => {
		const order = [];
		const wait = (ms, name) => new Promise((done) => setTimeout((x) => { order.push(x); done() }, ms, name));
		const gone = setTimeout(() => order.push("gone"), 100);
		clearTimeout(gone);
		queueMicrotask(() => order.push("micro"));
		await Promise.all([wait(600, "late"), wait(250, "b"), wait(250, "c"), wait(0, "a")]);
		return order;
	}`))
	got, err := rpc(t, v)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, []any{"micro", "a", "b", "c", "late"})
}
