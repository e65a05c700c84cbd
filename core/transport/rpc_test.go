package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/sdk/hook"
)

// rules are a game's functions.
type rules map[string]func(ctx context.Context, r *hook.RpcRequest) (*structpb.Value, error)

func (f rules) Rpc(ctx context.Context, r *hook.RpcRequest) (*hook.RpcResponse, error) {
	named, ok := f[r.GetName()]
	if !ok {
		return nil, hook.ErrUnknownRpc
	}
	payload, err := named(ctx, r)
	return &hook.RpcResponse{Payload: payload}, err
}

// runner is the real runner of the functions.
func (f rules) runner(t testing.TB) *hooks.Runner {
	t.Helper()
	runner, err := hooks.New(hooks.Options{Game: "arena", Hooks: []hooks.Hook{{Name: "rules", Impl: f, Timeout: 100 * time.Millisecond}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := runner.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return runner
}

// ruled starts a node whose game arena has functions, run by the real runner.
func ruled(t testing.TB, f rules, change func(*setup)) *node {
	t.Helper()
	runner := f.runner(t)
	return start(t, func(s *setup) {
		s.Games[0].Rpc = runner
		if change != nil {
			change(s)
		}
	})
}

func echo(_ context.Context, r *hook.RpcRequest) (*structpb.Value, error) { return r.GetPayload(), nil }

func fails(err error) func(context.Context, *hook.RpcRequest) (*structpb.Value, error) {
	return func(context.Context, *hook.RpcRequest) (*structpb.Value, error) { return nil, err }
}

var someRules = rules{
	"echo": echo, "a.B-_9": echo,
	"refuse": fails(hook.Refuse("not today", nil)), "own": fails(hook.Refuse("not today", map[string]string{"ann": "not you"})),
	"malformed": fails(hook.Invalid("name an item")), "break": fails(errors.New("private cause")), "away": fails(hostDown{}),
	"slow": func(ctx context.Context, _ *hook.RpcRequest) (*structpb.Value, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	},
}

// hostDown is how a host says that it could not even begin.
type hostDown struct{}

func (hostDown) Error() string     { return "private: the plugin is not running" }
func (hostDown) Unavailable() bool { return true }

func TestRpcOverHTTP(t *testing.T) {
	n := ruled(t, someRules, nil)
	long := `"` + strings.Repeat("x", 64<<10-2) + `"`
	for _, c := range []struct {
		path, body string
		status     int
		answer     string // all of it; of an error its code and text
	}{
		{"/rpc/echo", ` {"b": [1, 2.5, null], "a": "é"} `, 200, `{"a":"é","b":[1,2.5,null]}`},
		{"/rpc/echo", "", 200, "null"},
		{"/rpc/echo", " \n", 200, "null"},
		{"/rpc/echo", "null", 200, "null"},
		{"/rpc/echo", "5", 200, "5"},
		{"/rpc/a.B-_9", `"x"`, 200, `"x"`},
		{"/games/arena/rpc/echo", "true", 200, "true"},
		{"/rpc/echo", long, 200, long},
		{"/rpc/echo", long + " ", 413, `too_large`},
		{"/rpc/echo", "{", 400, `invalid_request "Invalid request body"`},
		{"/rpc/echo", "1 2", 400, `invalid_request "Invalid request body"`},
		{"/rpc/echo", "\"\xff\"", 400, `invalid_request "Invalid request body"`},
		{"/rpc/echo", strings.Repeat("[", 33) + strings.Repeat("]", 33), 400, `invalid_request`},
		{"/rpc/echo", strings.Repeat("[", 32) + strings.Repeat("]", 32), 200, strings.Repeat("[", 32) + strings.Repeat("]", 32)},
		{"/rpc/none", "", 404, `not_found "Unknown rpc"`},
		{"/rpc/no%20ne", "", 404, `not_found "Unknown rpc"`},
		{"/rpc/" + strings.Repeat("x", 65), "", 404, `not_found "Unknown rpc"`},
		{"/games/duel/rpc/echo", "", 404, `not_found "Unknown rpc"`},
		{"/rpc/refuse", "", 409, `refused_by_hook "not today"`},
		{"/rpc/own", "", 409, `refused_by_hook "not you"`},
		{"/rpc/malformed", "", 400, `invalid_field "name an item"`},
		{"/rpc/break", "", 500, `hook_failed`},
		{"/rpc/away", "", 503, `hook_unavailable`},
		{"/rpc/slow", "", 504, `hook_timeout`},
	} {
		status, text := n.post(c.path, token("ann"), c.body)
		if status >= 400 {
			var e errorBody
			if err := json.Unmarshal([]byte(text), &e); err != nil {
				t.Fatalf("%s: %s", c.path, text)
			}
			text = fmt.Sprintf("%s %q", e.Code, e.Error)
		}
		if status != c.status || !strings.HasPrefix(text, c.answer) || status == 200 && text != c.answer {
			t.Errorf("%s %.40s: %d %.200s, want %d %.200s", c.path, c.body, status, text, c.status, c.answer)
		}
		if strings.Contains(text, "private") {
			t.Errorf("a private cause is public: %s", text)
		}
	}
}

func TestRpcOverASocket(t *testing.T) {
	n := ruled(t, someRules, nil)
	ann := n.player("ann")
	for _, c := range []struct{ sent, want string }{
		{`{"type":"rpc","id":"1","name":"echo","payload":{"a": [1]}}`, `{"type":"rpc","name":"echo","payload":{"a":[1]},"replyTo":"1"}`},
		{`{"type":"rpc","name":"echo"}`, `{"type":"rpc","name":"echo","payload":null}`},
		{`{"type":"rpc","id":"1","name":"none"}`, `{"type":"error","message":"Unknown rpc","code":"not_found","replyTo":"1"}`},
		{`{"type":"rpc","id":"1","name":"no ne"}`, `{"type":"error","message":"name must have letters, digits, '_', '-' and '.' only","code":"invalid_field","replyTo":"1"}`},
		{`{"type":"rpc","id":"1"}`, `{"type":"error","message":"name is required","code":"invalid_field","replyTo":"1"}`},
		{`{"type":"rpc","id":"1","name":5}`, `{"type":"error","message":"Invalid message format","code":"invalid_message","replyTo":"1"}`},
		{`{"type":"rpc","id":"1","name":"refuse"}`, `{"type":"error","message":"not today","code":"refused_by_hook","replyTo":"1"}`},
		{`{"type":"rpc","id":"1","name":"own"}`, `{"type":"error","message":"not you","code":"refused_by_hook","replyTo":"1"}`},
		{`{"type":"rpc","id":"1","name":"malformed"}`, `{"type":"error","message":"name an item","code":"invalid_field","replyTo":"1"}`},
		{`{"type":"rpc","id":"1","name":"break"}`, `{"type":"error","message":"The rules of the game failed, please try again","code":"hook_failed","replyTo":"1"}`},
		{`{"type":"rpc","id":"1","name":"away"}`, `{"type":"error","message":"The rules of the game are not available, please try again","code":"hook_unavailable","replyTo":"1"}`},
		{`{"type":"rpc","id":"1","name":"slow"}`, `{"type":"error","message":"The rules of the game took too long, please try again","code":"hook_timeout","replyTo":"1"}`},
	} {
		ann.send(c.sent)
		if got, err := ann.raw(); err != nil || got != c.want {
			t.Errorf("%s:\n got %s, %v\nwant %s", c.sent, got, err, c.want)
		}
	}
	ann.send(`{"type":"rpc","id":"1","name":"echo","payload":"` + strings.Repeat("x", 64<<10) + `"}`)
	ann.refused("invalid_field", "payload must have at most 65536 bytes")
}

// A function is told who calls: the account of the token, whatever the payload says.
func TestRpcCaller(t *testing.T) {
	asked := make(chan *hook.RpcRequest, 1)
	n := ruled(t, rules{"who": func(_ context.Context, r *hook.RpcRequest) (*structpb.Value, error) {
		asked <- r
		return nil, nil
	}}, nil)
	token, _ := n.in("/auth/discord", `{"username":"ann"}`)
	check := func(connected, sent bool) {
		t.Helper()
		r := <-asked
		p := r.GetPlayer()
		if r.GetGame() != "arena" || r.GetName() != "who" || p.GetAccountId() != "ann" || p.GetUsername() != "ann" || p.GetConnected() != connected || (r.GetPayload() != nil) != sent {
			t.Errorf("asked with %v", r)
		}
		if i := p.GetIdentities(); len(i) != 1 || i[0].GetProvider() != "discord" || i[0].GetSubject() != "42" || i[0].GetUsername() != "ann" {
			t.Errorf("identities %v", i)
		}
	}
	n.answers("POST", "/rpc/who", token, `{"player":{"accountId":"bob"}}`, 200, "null")
	check(false, true)
	ann := n.dial("/_ws?token="+token, nil)
	ann.expect("connected")
	ann.send(`{"type":"rpc","name":"who"}`)
	ann.expect("rpc")
	check(true, false)
	n.answers("POST", "/rpc/who", token, "", 200)
	check(true, false)
}

// A slow function delays its own socket and nobody else.
func TestSlowRpcDelaysItsSocketOnly(t *testing.T) {
	release, inside := make(chan struct{}), make(chan struct{})
	var once sync.Once
	n := ruled(t, rules{"wait": func(ctx context.Context, _ *hook.RpcRequest) (*structpb.Value, error) {
		once.Do(func() { close(inside) })
		<-release
		return structpb.NewStringValue("done"), nil
	}}, nil)
	ann, bob := n.player("ann"), n.player("bob")
	ann.send(`{"type":"rpc","id":"1","name":"wait"}`)
	ann.send(`{"type":"ping","id":"2"}`)
	<-inside
	bob.silent()
	close(release)
	if m := ann.next(); m["replyTo"] != "1" {
		t.Errorf("the next message was taken up first: %v", m)
	}
	if m := ann.expect("pong"); m["replyTo"] != "2" {
		t.Errorf("got %v", m)
	}
}

func TestRpcIsLimited(t *testing.T) {
	n := ruled(t, someRules, func(s *setup) { s.Limits.Messages = Rate{2, time.Hour} })
	for range 2 {
		n.answers("POST", "/rpc/echo", token("ann"), "1", 200)
	}
	if status, header, _ := n.full("POST", "/rpc/echo", token("ann"), "1", nil); status != 429 || header.Get("Retry-After") == "" {
		t.Errorf("%d, Retry-After %q", status, header.Get("Retry-After"))
	}
	n.answers("POST", "/rpc/echo", token("bob"), "1", 200)
}

func TestRpcOfAnErasedAccount(t *testing.T) {
	n := ruled(t, someRules, nil)
	n.identity["arena"].mu.Lock()
	n.identity["arena"].ended["1ann"] = true
	n.identity["arena"].mu.Unlock()
	n.answers("POST", "/rpc/echo", "token:9:ann", "1", 401, "invalid_token")
}
