package script_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/hooktest"
)

// tapes wants the calls of some functions recorded; what was not is a nil.
type tapes struct {
	of   string
	mu   sync.Mutex
	kept []*script.Recording
}

func (k *tapes) Wants(_ context.Context, _ hook.Point, rpc string) func(*script.Recording) {
	if rpc != k.of {
		return nil
	}
	return func(r *script.Recording) {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.kept = append(k.kept, r)
	}
}

func (k *tapes) all() []*script.Recording {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.kept
}

// TestRecorded: a call that is recorded has a machine of its own, others go on with
// theirs, and nobody's calls change.
func TestRecorded(t *testing.T) {
	k := &tapes{of: "f"}
	v := load(t, `const at = Date.now(); let calls = 0;
		export const rpc = { f: async (ctx) => { await ctx.storage.get("x"); return [++calls, at === 7 && ctx.now() === 7] }, g: () => ++calls };`,
		func(o *script.Options) {
			o.Recorder, o.Clock = k, func() time.Time { return time.UnixMilli(7) }
		})
	host := hook.WithHost(t.Context(), hooktest.NewHost())
	for i := range 3 {
		answer, err := v.Impl().Rpc(host, &hook.RpcRequest{Name: "f"})
		if err != nil {
			t.Fatal(err)
		}
		same(t, answer.GetPayload().AsInterface(), []any{1.0, true})
		answer, err = v.Impl().Rpc(host, &hook.RpcRequest{Name: "g"})
		if err != nil {
			t.Fatal(err)
		}
		same(t, answer.GetPayload().AsInterface(), float64(i+1))
	}
	if len(k.all()) != 3 {
		t.Fatalf("%d recordings", len(k.all()))
	}
	for _, r := range k.all() {
		// The time outside of functions is on the tape too.
		if len(r.Tape) != 3 || r.Tape[0].Now == nil || r.Tape[1].Work == nil || r.Tape[1].Work.At != "arena.ts:2:62" || r.Tape[2].Now == nil || string(r.Answer) == "" {
			t.Errorf("%+v %+v", r, r.Tape[1].Work)
		}
	}
}

// TestSlowLoad: where the code outside of functions takes long, machines are made
// beside the calls, and a call for which there is none is served and not recorded.
func TestSlowLoad(t *testing.T) {
	k := &tapes{of: "f"}
	v := load(t, `const begin = Date.now(); while (Date.now() < begin + 600);
		let calls = 0; export const rpc = { f: () => ++calls };`, func(o *script.Options) { o.Recorder, o.Timeout = k, 2*time.Second })
	late := time.Now().Add(time.Minute)
	for n := 1; ; n++ {
		answer, err := rpc(t, v)
		if err != nil {
			t.Fatal(err)
		}
		all := k.all()
		if len(all) != n {
			t.Fatalf("%d calls were recorded or not, of %d", len(all), n)
		}
		if r := all[n-1]; r != nil {
			if answer != 1.0 || len(r.Tape) == 0 || r.Tape[0].Now == nil {
				t.Errorf("it answered %v, recorded as %+v", answer, r)
			}
			break
		}
		if n == 1 && answer != 1.0 {
			t.Errorf("the first call answered %v", answer)
		}
		if time.Now().After(late) {
			t.Fatal("no call was ever recorded")
		}
	}
}

// TestNotBegun: a call that no slot was free for is recorded as that.
func TestNotBegun(t *testing.T) {
	k, running := &tapes{of: "f"}, make(chan struct{}, 1)
	v := load(t, `export const rpc = { f: () => 1, g: (ctx) => { ctx.now(); for (;;); } };`, func(o *script.Options) {
		o.Recorder, o.Slots, o.Timeout = k, script.NewSlots(1), time.Minute
		o.Clock = func() time.Time { running <- struct{}{}; return time.UnixMilli(7) }
	})
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = v.Impl().Rpc(ctx, &hook.RpcRequest{Name: "g"})
	}()
	<-running
	var err error
	var r *script.Recording
	// On a slow machine the first calls are not recorded: their machine is being made.
	for late := time.Now().Add(time.Minute); r == nil && time.Now().Before(late); {
		short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err = v.Impl().Rpc(short, &hook.RpcRequest{Name: "f"})
		cancel()
		all := k.all()
		r = all[len(all)-1]
	}
	end()
	<-ended
	if r == nil || err == nil || r.Incomplete != "the call did not begin" || r.Failed == nil || r.Failed.Kind != script.FailedTimeout {
		t.Errorf("%v, recorded as %+v", err, r)
	}
}
