package hooks_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/sdk/hook"
)

// function is a hook with one rpc.
func function(hookName, name string, f func(*hook.RpcRequest) (*structpb.Value, error)) hooks.Hook {
	return hookOf(hookName, rules{rpc: func(_ context.Context, r *hook.RpcRequest) (*hook.RpcResponse, error) {
		if r.GetName() != name {
			return nil, hook.ErrUnknownRpc
		}
		v, err := f(r)
		return &hook.RpcResponse{Payload: v}, err
	}})
}

func TestRpcFindsTheHookThatHasTheName(t *testing.T) {
	echo := func(r *hook.RpcRequest) (*structpb.Value, error) { return r.GetPayload(), nil }
	null := hookOf("null", rules{rpc: func(context.Context, *hook.RpcRequest) (*hook.RpcResponse, error) { return nil, nil }})
	refuse := func(*hook.RpcRequest) (*structpb.Value, error) {
		return nil, hook.Refuse("not enough gold", map[string]string{"p": "you have 3 gold", "q": "a secret of q"})
	}
	broken := func(*hook.RpcRequest) (*structpb.Value, error) { return nil, errHook }
	r := run(t, function("1", "echo", echo), function("2", "buy", refuse), policy(function("3", "lost", broken), hook.FailAllow),
		policy(function("4", "halt", broken), hook.FailBuiltin))
	call := func(r *hooks.Runner, name string) (*hook.RpcResponse, error) {
		return r.Rpc(t.Context(), &hook.RpcRequest{Name: name, Payload: text("hi"), Player: &hook.Player{AccountId: "p"}})
	}
	if got, err := call(r, "echo"); err != nil || got.GetPayload().GetStringValue() != "hi" {
		t.Errorf("%v %v", got, err)
	}
	if got, err := call(run(t, function("1", "echo", echo), null), "nothing"); err != nil || got == nil || got.Payload != nil {
		t.Errorf("no answer is null: %v %v", got, err)
	}
	_, err := call(r, "buy")
	if f := asFault(t, err); !errors.Is(err, hooks.ErrRefused) || f.Text != "you have 3 gold" || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
	for name, r := range map[string]*hooks.Runner{"nil": nil, "none": run(t), "another": run(t, function("1", "echo", echo))} {
		if _, err := call(r, "buy"); !errors.Is(err, hooks.ErrUnknownRpc) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"", strings.Repeat("x", 65), "a\nb", "\xff"} {
		if _, err := call(run(t, null), name); !errors.Is(err, hooks.ErrUnknownRpc) {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"lost", "halt"} {
		if _, err := call(r, name); !errors.Is(err, hooks.ErrFailed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRpcAnswersAreChecked(t *testing.T) {
	for code, v := range map[string]*structpb.Value{
		"bad_value": structpb.NewNumberValue(math.NaN()), "bad_value: payload": nested(33),
		"too_large": text(strings.Repeat("x", 64<<10)),
	} {
		r := run(t, function("h", "f", func(*hook.RpcRequest) (*structpb.Value, error) { return v, nil }))
		_, err := r.Rpc(t.Context(), &hook.RpcRequest{Name: "f"})
		fails(t, "rpc", code, err)
	}
	r := run(t, function("h", "f", func(*hook.RpcRequest) (*structpb.Value, error) { return text(strings.Repeat("x", 64<<10-2)), nil }))
	if _, err := r.Rpc(t.Context(), &hook.RpcRequest{Name: "f"}); err != nil {
		t.Error(err)
	}
}

// TestRpcJSONIsTheCheckedAnswer: byte for byte what ValueToJSON makes of it.
func TestRpcJSONIsTheCheckedAnswer(t *testing.T) {
	object := structpb.NewStructValue(&structpb.Struct{Fields: values{"b": nested(3), "a": text("<é>"), "c": structpb.NewNumberValue(1e21)}})
	answer := func(v *structpb.Value) func(*hook.RpcRequest) (*structpb.Value, error) {
		return func(*hook.RpcRequest) (*structpb.Value, error) { return v, nil }
	}
	r := run(t, function("1", "object", answer(object)), function("2", "nothing", answer(nil)),
		function("3", "null", answer(structpb.NewNullValue())), function("4", "bad", answer(structpb.NewNumberValue(math.NaN()))),
		policy(function("5", "bad", answer(object)), hook.FailAllow))
	want, err := hook.ValueToJSON(object)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"object": string(want), "nothing": "null", "null": "null"} {
		if got, err := r.RpcJSON(t.Context(), &hook.RpcRequest{Name: name}); err != nil || string(got) != want {
			t.Errorf("%s: %s, %v, want %s", name, got, err, want)
		}
	}
	got, err := r.RpcJSON(t.Context(), &hook.RpcRequest{Name: "bad"})
	if got != nil {
		t.Errorf("got %s", got)
	}
	fails(t, "rpc", "bad_value", err)
	silent := run(t, hookOf("null", rules{rpc: func(context.Context, *hook.RpcRequest) (*hook.RpcResponse, error) { return nil, nil }}))
	if got, err := silent.RpcJSON(t.Context(), &hook.RpcRequest{Name: "f"}); err != nil || string(got) != "null" {
		t.Errorf("no answer: %s, %v", got, err)
	}
	lenient := run(t, policy(function("1", "f", answer(structpb.NewNumberValue(math.NaN()))), hook.FailAllow), function("2", "f", answer(text("second"))))
	if got, err := lenient.RpcJSON(t.Context(), &hook.RpcRequest{Name: "f"}); err != nil || string(got) != `"second"` {
		t.Errorf("%s, %v", got, err)
	}
	if got, err := (*hooks.Runner)(nil).RpcJSON(t.Context(), &hook.RpcRequest{Name: "f"}); got != nil || !errors.Is(err, hooks.ErrUnknownRpc) {
		t.Errorf("%s, %v", got, err)
	}
}

// allocator serves both points with one function each.
func allocator(name string, allocate func(context.Context) (*hook.Server, error)) hooks.Hook {
	return hookOf(name, rules{
		allocate: func(ctx context.Context, _ *hook.AllocateRequest) (*hook.Server, error) { return allocate(ctx) },
		release:  func(context.Context, *hook.ReleaseRequest) error { return errHook },
	})
}

// TestAllocateSaysWhetherAServerMayExist: an error in whose chain is a refusal says
// that surely none was made, every other one leaves it open.
func TestAllocateSaysWhetherAServerMayExist(t *testing.T) {
	for name, c := range map[string]struct {
		server *hook.Server
		err    error
		none   bool
		want   error
	}{
		"server":       {&hook.Server{Name: "gs-1", Address: "203.0.113.7", Port: 7777}, nil, false, nil},
		"name":         {&hook.Server{Address: "game.example", Port: 1}, nil, false, nil},
		"refused":      {nil, hook.Refuse("no capacity", nil), true, hooks.ErrRefused},
		"failed":       {nil, errHook, false, hooks.ErrFailed},
		"unreachable":  {nil, hook.Unreachable(errHook), false, hooks.ErrFailed},
		"down":         {nil, &hostDown{}, true, hooks.ErrUnavailable},
		"no answer":    {nil, nil, false, hooks.ErrFailed},
		"nothing set":  {&hook.Server{}, nil, false, hooks.ErrFailed},
		"no port":      {&hook.Server{Address: "203.0.113.7"}, nil, false, hooks.ErrFailed},
		"port":         {&hook.Server{Address: "203.0.113.7", Port: 65536}, nil, false, hooks.ErrFailed},
		"address:port": {&hook.Server{Address: "203.0.113.7:7777", Port: 1}, nil, false, hooks.ErrFailed},
		"long name":    {&hook.Server{Name: strings.Repeat("n", 257), Address: "203.0.113.7", Port: 1}, nil, false, hooks.ErrFailed},
		"control":      {&hook.Server{Name: "a\nb", Address: "203.0.113.7", Port: 1}, nil, false, hooks.ErrFailed},
	} {
		r := run(t, allocator("other", nil), allocator("agones", func(context.Context) (*hook.Server, error) { return c.server, c.err }))
		server, err := r.Allocate(t.Context(), "agones", &hook.AllocateRequest{MatchId: "m"})
		if _, none := hook.AsRefusal(err); none != c.none || !errors.Is(err, c.want) || (err == nil) != (server != nil) {
			t.Errorf("%s: %v %v", name, server, err)
		}
	}
	// Nobody of that name: the call reached no hook.
	for name, r := range map[string]*hooks.Runner{"nil": nil, "none": run(t), "another": run(t, allocator("other", nil))} {
		_, err := r.Allocate(t.Context(), "agones", &hook.AllocateRequest{})
		if _, none := hook.AsRefusal(err); !none || !errors.Is(err, hooks.ErrUnavailable) || r.Releases("agones") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAllocateTakesAsLongAsItsCallerWaits: the hook's own timeout is for short calls.
func TestAllocateTakesAsLongAsItsCallerWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &hook.Server{Address: "203.0.113.7", Port: 7777}
		slow := allocator("slow", func(ctx context.Context) (*hook.Server, error) {
			select {
			case <-time.After(30 * time.Second):
				return server, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		})
		r := run(t, slow)
		for limit, want := range map[time.Duration]error{time.Minute: nil, 10 * time.Second: hooks.ErrTimeout} {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			_, err := r.Allocate(ctx, "slow", &hook.AllocateRequest{})
			if _, none := hook.AsRefusal(err); !errors.Is(err, want) || none {
				t.Errorf("%v: %v", limit, err)
			}
			cancel()
		}
		if _, err := r.Allocate(t.Context(), "slow", &hook.AllocateRequest{}); !errors.Is(err, hooks.ErrTimeout) {
			t.Errorf("without a deadline the hook's own counts: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := r.Allocate(ctx, "slow", &hook.AllocateRequest{}); !errors.Is(err, fault.TryAgain) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

func TestRelease(t *testing.T) {
	var released []string
	h := hookOf("agones", rules{release: func(_ context.Context, r *hook.ReleaseRequest) error {
		released = append(released, r.GetMatchId())
		return nil
	}})
	r := run(t, h, allocator("other", nil))
	if err := r.Release(t.Context(), "agones", &hook.ReleaseRequest{MatchId: "m"}); err != nil || len(released) != 1 || !r.Releases("agones") {
		t.Errorf("%v, %v", released, err)
	}
	if err := r.Release(t.Context(), "other", &hook.ReleaseRequest{}); !errors.Is(err, hooks.ErrFailed) {
		t.Errorf("a failure is told whatever the policy: %v", err)
	}
	if err := r.Release(t.Context(), "nobody", &hook.ReleaseRequest{}); !errors.Is(err, hooks.ErrUnavailable) {
		t.Error(err)
	}
}
