//go:build linux

package worker_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/muster-gg/muster/runtime/process"
	"github.com/muster-gg/muster/runtime/worker"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/hooktest"
)

// shared are functions of which one ends the process, in several ways, and others
// are under way meanwhile: they wait at the gate.
const shared = `
const gate = (ctx: any) => ctx.storage.get("gate");
export const rpc = {
  echo: (ctx: any, payload: any) => payload,
  pure: async (ctx: any, payload: any) => { await gate(ctx); return payload; },
  ask: async (ctx: any, url: any) => { await ctx.fetch(url); await gate(ctx); return "asked"; },
  update: async (ctx: any) => { await ctx.storage.update("n", (n: any) => (n ?? 0) + 1); await gate(ctx); },
  remove: async (ctx: any) => { await ctx.storage.delete("n"); await gate(ctx); },
  notify: async (ctx: any) => { await ctx.notify("a1", "hello"); await gate(ctx); },
  post: async (ctx: any, url: any) => { await ctx.fetch(url, { method: "POST", body: "{}" }); await gate(ctx); },
  crash: (ctx: any) => { ctx.log.error("` + crashLine + `"); for (;;) {} },
  hang: (ctx: any) => { ctx.log.error("` + hangLine + `"); for (;;) {} },
  grow: () => { const kept: any[] = []; for (;;) kept.push({ a: [1, 2, 3] }); },
};
`

// platform is a storage with a gate: who reads it waits, until it is opened; then
// who comes passes, and who waits already waits on.
type platform struct {
	*hooktest.Host
	open    atomic.Bool
	waiting chan struct{}
}

func newPlatform() *platform {
	return &platform{Host: hooktest.NewHost("a1"), waiting: make(chan struct{}, 100)}
}

func (p *platform) Storage() hook.Storage { return p }

func (p *platform) Get(ctx context.Context, scope string, keys ...string) ([]hook.Entry, error) {
	if keys[0] == "gate" && !p.open.Load() {
		p.waiting <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return p.Host.Get(ctx, scope, keys...)
}

// patient is for machines on which a start takes long.
func patient(p *platform) func(*worker.Options) {
	return func(o *worker.Options) {
		o.Timeout, o.Platform, o.Memory = time.Minute, p, 1<<30
		o.Timing = process.Timing{Patience: 30 * time.Second}
	}
}

// crashed says whether an error blames its own call for the end of the process.
func crashed(err error) bool {
	var e interface{ Crashed() bool }
	return errors.As(err, &e) && e.Crashed()
}

// kill ends the process from outside.
func kill(t *testing.T, w *worker.Worker) {
	t.Helper()
	if err := syscall.Kill(w.Status().PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// begun starts calls of an rpc and returns when all of them wait at the gate.
func begun(t *testing.T, w *worker.Worker, p *platform, n int, name, text string) <-chan error {
	t.Helper()
	ended := make(chan error, n)
	for range n {
		go func() { // the test reads as many answers
			_, err := ask(context.Background(), w, name, text)
			ended <- err
		}()
	}
	for range n {
		select {
		case <-p.waiting:
		case err := <-ended:
			t.Fatalf("%s ended before the gate: %v", name, err)
		}
	}
	return ended
}

// TestCrashCostsOneCall holds that of the calls under way in a process only that one
// fails which ended it, and that no budget counts it.
func TestCrashCostsOneCall(t *testing.T) {
	for _, name := range []string{"engine", "memory", "deadline", "kill"} {
		t.Run(name, func(t *testing.T) {
			p := newPlatform()
			w := start(t, shared, patient(p), func(o *worker.Options) {
				o.Timing.Budget = 2
				if name == "memory" {
					o.Memory = min(overhead*32, 128) << 20
				}
			})
			innocent := begun(t, w, p, 8, "pure", "hello")
			p.open.Store(true)
			switch name {
			case "kill":
				kill(t, w)
			case "deadline":
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				defer cancel()
				if _, err := ask(ctx, w, "hang", ""); !errors.Is(err, context.DeadlineExceeded) || crashed(err) {
					t.Errorf("%v", err)
				}
			default:
				bad, why := "crash", "it ended (exit status 2): panic: a crash of the engine"
				if name == "memory" {
					bad, why = "grow", "it "
				}
				_, err := ask(t.Context(), w, bad, "")
				if !crashed(err) || !strings.HasPrefix(err.Error(), "the call ended the script's process: "+why) {
					t.Errorf("%v", err)
				}
			}
			for range 8 {
				if err := <-innocent; err != nil {
					t.Errorf("an innocent call: %v", err)
				}
			}
			if got, err := ask(t.Context(), w, "echo", "hello"); got != "hello" || err != nil {
				t.Errorf("the next call: %q %v", got, err)
			}
		})
	}
}

// TestEffectsAreNotRepeated holds that a call which has changed something is not
// made again, and one that has only asked is.
func TestEffectsAreNotRepeated(t *testing.T) {
	var posts, gets atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts.Add(1)
		} else {
			gets.Add(1)
		}
		_, _ = io.WriteString(w, "{}")
	}))
	defer server.Close()
	for _, name := range []string{"update", "remove", "notify", "post", "ask"} {
		t.Run(name, func(t *testing.T) {
			p := newPlatform()
			w := start(t, shared, patient(p), func(o *worker.Options) { o.Allow = []string{strings.TrimPrefix(server.URL, "http://")} })
			acting := begun(t, w, p, 1, name, server.URL)
			pure := begun(t, w, p, 2, "pure", "hello")
			p.open.Store(true)
			kill(t, w)
			err := <-acting
			if name == "ask" {
				if err != nil || gets.Load() != 2 {
					t.Errorf("%v after %d requests", err, gets.Load())
				}
			} else if err == nil || crashed(err) || !strings.Contains(err.Error(), "may have changed something, so it is not made again") {
				t.Errorf("%v", err)
			}
			for range 2 {
				if err := <-pure; err != nil {
					t.Errorf("an innocent call: %v", err)
				}
			}
			entries, err := p.Get(t.Context(), "", "n")
			switch {
			case err != nil:
				t.Error(err)
			case name == "update" && (len(entries) != 1 || string(entries[0].Value) != "1"):
				t.Errorf("the entry is %v", entries)
			case name == "notify" && len(p.Notices()) != 1:
				t.Errorf("%d notices", len(p.Notices()))
			case name == "post" && posts.Load() != 1:
				t.Errorf("%d posts", posts.Load())
			}
		})
	}
}

// TestNoEndlessTries holds that calls are made again twice at most, and that those
// which take long keep nobody waiting for long.
func TestNoEndlessTries(t *testing.T) {
	p := newPlatform()
	w := start(t, shared, patient(p), func(o *worker.Options) { o.Timing.Patience = time.Second })
	pure := begun(t, w, p, 2, "pure", "hello")
	for range 2 {
		kill(t, w)
		<-p.waiting // alone
		if got, err := ask(t.Context(), w, "echo", "hello"); got != "hello" || err != nil {
			t.Errorf("%q %v", got, err)
		}
		<-p.waiting // together
	}
	kill(t, w)
	for range 2 {
		if err := <-pure; err == nil || crashed(err) || !strings.HasPrefix(err.Error(), "the script's process ended: ") {
			t.Errorf("%v", err)
		}
	}
}

// TestCutOff holds that calls end with their worker when it is closed, and that they
// are not to blame.
func TestCutOff(t *testing.T) {
	p := newPlatform()
	for _, n := range []int{1, 3} {
		o := worker.Options{Game: "arena", Entry: write(t, shared)}
		patient(p)(&o)
		w, err := worker.Start(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		pure := begun(t, w, p, n, "pure", "hello")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := w.Close(ctx); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		for range n {
			if err := <-pure; err == nil || crashed(err) {
				t.Errorf("%v", err)
			}
		}
	}
}
