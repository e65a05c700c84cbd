package hooks_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/sdk/hook"
)

// TestNoBreakerMindsAnother has calls of several keys that end at random: a key
// whose own calls were neither late nor crashed always reaches its hook, and one that
// is tripped lets one call through at a time at most.
func TestNoBreakerMindsAnother(t *testing.T) {
	harmless := []act{works, throws, refuses, panics, isDown}
	harmful := []act{late, slow, stuck, crashes}
	waits := []time.Duration{0, ms, 50 * ms, 300 * ms, time.Second, 5 * time.Second, time.Minute}
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, rnd := newLab(t), rand.New(rand.NewPCG(seed, 1))
				defer l.close()
				spared := labKeys[rnd.IntN(len(labKeys))]
				guilty := map[string]bool{}
				for range 150 {
					key := labKeys[rnd.IntN(len(labKeys))]
					a := harmless[rnd.IntN(len(harmless))]
					if key != spared && rnd.IntN(3) > 0 {
						a = harmful[rnd.IntN(len(harmful))]
					}
					switch rnd.IntN(12) {
					case 0:
						l.free()
					case 1:
						l.burst(key, 1+rnd.IntN(5))
					default:
						for range 1 + rnd.IntN(12) {
							reached, err := l.call(key, a)
							guilty[key] = guilty[key] || reached && slices.Contains(harmful, a)
							if !reached && !guilty[key] {
								t.Fatalf("%s has done nothing: %v", key, err)
							}
						}
					}
					after(waits[rnd.IntN(len(waits))])
					for _, key := range l.open() {
						if !guilty[key] {
							t.Fatalf("%s is open and has done nothing", key)
						}
					}
				}
				if slices.Contains(l.open(), spared) || len(guilty) == 0 {
					t.Errorf("%v are open, %v guilty", l.open(), guilty)
				}
			})
		})
	}
}

// burst makes some calls of a key at once, which last for a while: where its breaker
// is open one of them is a trial, or none.
func (l *lab) burst(key string, n int) {
	l.t.Helper()
	open := slices.Contains(l.open(), key)
	l.let(late)
	before := l.count()
	var calls sync.WaitGroup
	for range n {
		calls.Go(func() { _ = l.ask(l.t.Context(), key) })
	}
	synctest.Wait()
	if reached := l.count() - before; open && reached > 1 {
		l.t.Errorf("%d trials at a time", reached)
	}
	calls.Wait()
	synctest.Wait()
}

func TestATrialIsOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		defer l.close()
		for range 3 {
			l.call("one.a", crashes)
		}
		after(250 * ms)
		l.let(stuck)
		trial := make(chan error)
		go func() { trial <- l.ask(t.Context(), "one.a") }()
		synctest.Wait()
		for range 5 {
			if reached, _ := l.call("one.a", works); reached {
				t.Error("another call beside the trial")
			}
		}
		l.free()
		if err := <-trial; err != nil {
			t.Error(err)
		}
		// A trial whose caller goes away says nothing, but the next waits for its end.
		for range 3 {
			l.call("one.b", crashes)
		}
		after(250 * ms)
		l.let(stuck)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { trial <- l.ask(ctx, "one.b") }()
		synctest.Wait()
		cancel()
		<-trial
		if reached, _ := l.call("one.b", works); reached {
			t.Error("another call beside the trial that was left")
		}
		l.free()
		synctest.Wait()
		if reached, err := l.call("one.b", works); !reached || err != nil || len(l.open()) > 0 {
			t.Errorf("reached %v, %v, open %v", reached, err, l.open())
		}
		if got := l.trips(); got != "crash 250ms, crash 250ms" {
			t.Error(got)
		}
		if n := l.log.FilterMessageSnippet("is called again").Len(); n != 2 {
			t.Errorf("%d lines say that a breaker closed", n)
		}
	})
}

// TestBreakersStayWithTheirVersion swaps one hook of two.
func TestBreakersStayWithTheirVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		defer l.close()
		pinned, unpin := l.Pin(t.Context())
		for _, key := range []string{"one.a", "two.a"} {
			for range 3 {
				l.call(key, crashes)
			}
		}
		old, err := l.Swap(l.hooks("1", "2"))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(l.open()); got != "[one.a]" {
			t.Errorf("open after the swap: %s", got)
		}
		if reached, _ := l.call("one.a", works); reached {
			t.Error("the breaker of a hook that stays is forgotten")
		}
		if reached, err := l.call("two.a", works); !reached || err != nil {
			t.Errorf("a new version is tripped: %v", err)
		}
		// What still uses the old version has its breaker, which nobody is shown.
		if err := l.ask(pinned, "two.a"); !errors.Is(err, hooks.ErrUnavailable) {
			t.Errorf("the old version: %v", err)
		}
		after(time.Second)
		l.let(crashes)
		_ = l.ask(pinned, "two.a")
		if got := fmt.Sprint(l.open()); got != "[one.a]" {
			t.Errorf("open after the old version crashed: %s", got)
		}
		unpin()
		<-old.Done()
		if n := sum(t, l.reg, "muster_hook_breaker_trips_total"); n != 3 {
			t.Errorf("%v openings are counted", n)
		}
		old, err = l.Swap(nil)
		if err != nil {
			t.Fatal(err)
		}
		<-old.Done()
		if n := sum(t, l.reg, "muster_hook_breaker_trips_total"); n != 0 || len(l.open()) != 0 {
			t.Errorf("hooks that are gone: %v openings, open %v", n, l.open())
		}
	})
}

// TestCloseEndsTheGrace gives up while a call is late, and one about to be: they are
// not abandoned any more.
func TestCloseEndsTheGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.call("one.a", stuck)
		after(hooks.AbandonGrace)
		l.call("one.b", stuck)
		var last sync.WaitGroup
		last.Go(func() { _ = l.ask(t.Context(), "two.a") })
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), hooks.AbandonGrace/2)
		defer cancel()
		if err := l.Close(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		last.Wait()
		after(time.Minute)
		if got := fmt.Sprint(l.open()); got != "[one.a]" {
			t.Errorf("abandoned: %s", got)
		}
		l.close()
		if n := sum(t, l.reg, "muster_hook_abandoned"); n != 0 {
			t.Errorf("%v are left behind", n)
		}
	})
}

// TestAnOpenBreakerFollowsThePolicy at points of all kinds.
func TestAnOpenBreakerFollowsThePolicy(t *testing.T) {
	for kind, want := range map[hook.Policy]struct {
		team string
		err  error
	}{hook.FailAllow: {"B", nil}, hook.FailBuiltin: {"", nil}, hook.FailRefuse: {"", hooks.ErrUnavailable}} {
		bad := hookOf("bad", rules{assign: func(context.Context, *hook.Lobby, *hook.Player) (string, error) { return "", crash{} }})
		next := hookOf("next", rules{assign: func(context.Context, *hook.Lobby, *hook.Player) (string, error) { return "B", nil }})
		r := run(t, policy(bad, kind), next)
		for range 3 {
			_, _ = r.AssignTeam(t.Context(), twoTeams(), &hook.Player{})
		}
		if team, err := r.AssignTeam(t.Context(), twoTeams(), &hook.Player{}); team != want.team || !errors.Is(err, want.err) || (err == nil) != (want.err == nil) {
			t.Errorf("%s: %q %v", kind, team, err)
		}
	}
	fleet := run(t, hookOf("fleet", rules{allocate: func(context.Context, *hook.AllocateRequest) (*hook.Server, error) { return nil, crash{} }}))
	for i := range 4 {
		_, err := fleet.Allocate(t.Context(), "fleet", &hook.AllocateRequest{})
		// Only the last call surely made no server.
		if _, refused := hook.AsRefusal(err); refused != (i == 3) || errors.Is(err, hooks.ErrUnavailable) != (i == 3) {
			t.Errorf("call %d: %v", i, err)
		}
	}
}

// TestATrippedHookMissesItsEvents holds that they are counted, and are not told later.
func TestATrippedHookMissesItsEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		metrics, err := hooks.NewMetrics(reg)
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		h := hookOf("h", rules{event: func(_ context.Context, e *hook.Event) error {
			told = append(told, e.GetSessionOpened().GetAccountId())
			if len(told) <= 3 {
				return crash{}
			}
			return nil
		}})
		r := newRunner(t, hooks.Options{Hooks: []hooks.Hook{h}, Metrics: metrics})
		for i := range 8 {
			r.Emit(opened(fmt.Sprint(i)))
		}
		after(250 * ms)
		dropped(t, reg, 5)
		r.Emit(opened("8"))
		synctest.Wait()
		if got := strings.Join(told, ""); got != "0128" || len(r.Tripped()) > 0 {
			t.Errorf("told %s, tripped %v", got, r.Tripped())
		}
	})
}

// TestNamesOfRpcsAreBounded has a hook that serves every name, and crashes.
func TestNamesOfRpcsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		defer l.close()
		fail := func(name string) {
			for range 3 {
				l.call(name, crashes)
			}
		}
		// Nobody's failures, and names that nobody has, take no room.
		for i := range 400 {
			l.call(fmt.Sprintf("one.fine%d", i), works)
			l.call(fmt.Sprintf("one.throws%d", i), throws)
			if err := l.ask(t.Context(), fmt.Sprint("unknown", i)); !errors.Is(err, hooks.ErrUnknownRpc) {
				t.Error(err)
			}
		}
		for i := range 256 {
			fail(fmt.Sprintf("one.%d", i))
		}
		if reached, _ := l.call("one.another", works); !reached || len(l.open()) != 256 {
			t.Errorf("another name: reached %v, %d open", reached, len(l.open()))
		}
		fail("one.257th")
		if open := l.open(); len(open) != 257 || open[0] != "(others)" {
			t.Errorf("%d open, first %s", len(open), open[0])
		}
		if reached, _ := l.call("one.another", works); reached {
			t.Error("a name beyond the bound shares no breaker")
		}
		for key, want := range map[string]bool{"two.a": true, "validate_start": true, "one.255": false} {
			if reached, _ := l.call(key, works); reached != want {
				t.Errorf("%s: reached %v", key, reached)
			}
		}
		// When it is long ago, names that nobody asks for make room.
		after(2 * time.Minute)
		l.call("one.another", works)
		fail("one.new")
		if open := l.open(); !slices.Equal(open, []string{"one.new"}) {
			t.Errorf("%d open: %.3v", len(open), open)
		}
	})
}

// TestBreakersInParallel has many callers of a hook that crashes and of its other
// names, while it is replaced: the others are always served.
func TestBreakersInParallel(t *testing.T) {
	var served, refused atomic.Int64
	h := func(version int) []hooks.Hook {
		one := hookOf("h", rules{rpc: func(ctx context.Context, q *hook.RpcRequest) (*hook.RpcResponse, error) {
			switch q.Name {
			case "crashes":
				return nil, crash{}
			case "left":
				<-ctx.Done()
			}
			return &hook.RpcResponse{}, nil
		}})
		one.Version, one.Timeout = fmt.Sprint(version/10), time.Hour
		return []hooks.Hook{one}
	}
	reg := prometheus.NewRegistry()
	metrics, err := hooks.NewMetrics(reg)
	if err != nil {
		t.Fatal(err)
	}
	r := newRunner(t, hooks.Options{Hooks: h(0), Metrics: metrics})
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			for n := range 300 {
				if _, err := r.Rpc(t.Context(), &hook.RpcRequest{Name: fmt.Sprint("fine", i)}); err != nil {
					t.Errorf("a name without failures: %v", err)
				}
				switch _, err := r.Rpc(t.Context(), &hook.RpcRequest{Name: "crashes"}); {
				case errors.Is(err, hooks.ErrUnavailable):
					refused.Add(1)
				default:
					served.Add(1)
				}
				ctx, cancel := context.WithCancel(t.Context())
				go cancel()
				_, _ = r.Rpc(ctx, &hook.RpcRequest{Name: "left"})
				if i == 0 && n%3 == 0 {
					if _, err := r.Swap(h(n / 3)); err != nil {
						t.Error(err)
					}
				}
				_ = r.Tripped()
			}
		})
	}
	callers.Wait()
	if served.Load() == 0 || refused.Load() == 0 {
		t.Errorf("%d crashed, %d refused", served.Load(), refused.Load())
	}
	if n := sum(t, reg, "muster_hook_breaker_open"); int(n) != len(r.Tripped()) {
		t.Errorf("the metrics have %v open breakers, Tripped %v", n, r.Tripped())
	}
}

// TestABreakerCostsOthersNothing compares allocations of a call with and without an
// open breaker of another name.
func TestABreakerCostsOthersNothing(t *testing.T) {
	h := hookOf("h", rules{rpc: func(_ context.Context, q *hook.RpcRequest) (*hook.RpcResponse, error) {
		if q.Name == "bad" {
			return nil, crash{}
		}
		return nil, nil
	}})
	h.Isolated = true
	r := run(t, h)
	call := func() { _, _ = r.Rpc(context.Background(), &hook.RpcRequest{Name: "good"}) }
	before := testing.AllocsPerRun(200, call)
	for range 3 {
		_, _ = r.Rpc(t.Context(), &hook.RpcRequest{Name: "bad"})
	}
	if after := testing.AllocsPerRun(200, call); len(r.Tripped()) != 1 || after > before {
		t.Errorf("%v allocations, %v before; tripped %v", after, before, r.Tripped())
	}
}
