package script_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/hooktest"
)

func TestDeadline(t *testing.T) {
	for name, body := range map[string]string{
		"loop":            `() => { for (;;) ; }`,
		"catches":         `() => { for (;;) try { for (;;) ; } catch {} finally {} }`,
		"microtasks":      `() => { const f = () => Promise.resolve().then(f); return f() }`,
		"awaits":          `async () => { for (;;) await 0 }`,
		"waits":           `() => new Promise((done) => setTimeout(done, 60000))`,
		"getter":          `() => ({ get x() { for (;;) ; } })`,
		"toJSON":          `() => ({ toJSON() { for (;;) ; } })`,
		"timer":           `() => new Promise(() => setTimeout(() => { for (;;) ; }, 1))`,
		"sort":            `() => { const a = Array.from({ length: 1000 }, (_, i) => i); for (;;) a.sort(() => 0) }`,
		"error's message": `() => { throw { get name() { for (;;) ; } } }`,
	} {
		t.Run(name, func(t *testing.T) {
			v := load(t, one(body))
			ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			defer cancel()
			began := time.Now()
			_, err := v.Impl().Rpc(ctx, &hook.RpcRequest{Name: "f"})
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("it took %v", took)
			}
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// TestDeadlineSaysWhere shows the place that the call was in.
func TestDeadlineSaysWhere(t *testing.T) {
	v := load(t, one("() => {\n  let n = 0;\n  for (;;) n++;\n}"), func(o *script.Options) { o.Timeout = 30 * time.Millisecond })
	_, err := rpc(t, v)
	if err == nil || !strings.Contains(err.Error(), "arena.ts:3:") || !strings.Contains(err.Error(), "ran out of time") {
		t.Errorf("the error is %v", err)
	}
}

// TestWaitingSaysWhere shows the place of what the call waited for.
func TestWaitingSaysWhere(t *testing.T) {
	for name, test := range map[string]struct{ body, place string }{
		"timer":      {"async () => {\n  await new Promise((done) => setTimeout(done, 60000));\n}", "arena.ts:2:31: the call ran out of time while it waited for this"},
		"first":      {"async (ctx) => {\n  const a = ctx.storage.get('a');\n  await ctx.storage.get('b');\n await a;\n}", "arena.ts:2:"},
		"microtasks": {"() => {\n  const f = () =>\n    Promise.resolve().then(f);\n  return f();\n}", "arena.ts:"},
	} {
		t.Run(name, func(t *testing.T) {
			v := load(t, one(test.body))
			host := &slowHost{Host: hooktest.NewHost()}
			ctx, cancel := context.WithTimeout(hook.WithHost(context.Background(), host), 30*time.Millisecond)
			defer cancel()
			_, err := v.Impl().Rpc(ctx, &hook.RpcRequest{Name: "f", Player: &hook.Player{AccountId: "a1"}})
			if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), test.place) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// TestMachinesAreReused shows that state of a module may survive, and that a machine
// that was stopped, or has served long enough, is not used again.
func TestMachinesAreReused(t *testing.T) {
	v := load(t, `let n = 0;
		export const rpc = { f: (_, p) => { n++; while (p === "hang") ; if (p === "deep") { const f = () => f(); f() } return n } };`,
		func(o *script.Options) { o.Timeout = 100 * time.Millisecond })
	count := func(payload ...any) any {
		n, err := rpc(t, v, payload...)
		if err != nil {
			return err
		}
		return n
	}
	if a, b := count(), count(); a != 1.0 || b != 2.0 {
		t.Errorf("the first calls counted %v and %v", a, b)
	}
	if err, ok := count("hang").(error); !ok || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the endless call answered %v", err)
	}
	if n := count(); n != 1.0 {
		t.Errorf("after it, a call counted %v", n)
	}
	if _, ok := count("deep").(error); !ok {
		t.Error("the endless recursion did not fail")
	}
	if n := count(); n != 1.0 {
		t.Errorf("after that, a call counted %v", n)
	}
	for range 998 {
		count()
	}
	if a, b := count(), count(); a != 1000.0 || b != 1.0 {
		t.Errorf("around the thousandth call it counted %v and %v", a, b)
	}
}

func TestCallsSideBySide(t *testing.T) {
	v := load(t, `export const rpc = { f: async (ctx, p) => { await new Promise((done) => setTimeout(done, p % 3)); return [p, ctx.player.accountId] } }`)
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			got, err := rpc(t, v, float64(i))
			if err != nil {
				t.Error(err)
				return
			}
			same(t, got, []any{float64(i), "a1"})
		})
	}
	wg.Wait()
}

func TestClose(t *testing.T) {
	entry := write(t, map[string]string{"arena.ts": one(`() => new Promise((done) => setTimeout(() => done(1), 50))`)})
	v, err := script.Load(context.Background(), script.Options{Game: "arena", Entry: entry, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	begun, done := make(chan struct{}), make(chan error, 1)
	go func() {
		close(begun)
		_, err := rpc(t, v)
		done <- err
	}()
	<-begun
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_ = v.Close(ended)
	if err := v.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil && !strings.Contains(err.Error(), "closed") {
		t.Errorf("the call under way failed: %v", err)
	}
	if _, err := rpc(t, v); err == nil {
		t.Error("a call after Close was served")
	}
}

// TestFailedLoadLeavesNothing shows that a script which does not load is not tried
// again behind its caller's back: goleak would see it.
func TestFailedLoadLeavesNothing(t *testing.T) {
	for range 20 {
		if _, err := tryLoad(t, "export const rpc = {}; throw new Error('no')"); err == nil {
			t.Fatal("it was loaded")
		}
	}
}

// TestManyAtOnceWithStops shows that calls which must be stopped spoil nothing for
// those beside them.
func TestManyAtOnceWithStops(t *testing.T) {
	v := load(t, one(`async (ctx, p) => { await 0; if (p === 3) for (;;) ; return p }`), func(o *script.Options) { o.Timeout = 5 * time.Second })
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			ctx := context.Background()
			if i%10 == 3 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 20*time.Millisecond)
				defer cancel()
			}
			value, err := structpb.NewValue(i % 10)
			if err != nil {
				t.Error(err)
				return
			}
			answer, err := v.Impl().Rpc(ctx, &hook.RpcRequest{Name: "f", Payload: value})
			if i%10 == 3 {
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("the endless call: %v", err)
				}
				return
			}
			if err != nil || answer.GetPayload().GetNumberValue() != float64(i%10) {
				t.Errorf("call %d: %v, %v", i, answer, err)
			}
		})
	}
	wg.Wait()
}
