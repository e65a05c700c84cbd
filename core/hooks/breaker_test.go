package hooks_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/hooks"
)

const ms = time.Millisecond

// TestWhatOpensABreakerAndForHowLong is the rules as rows of calls of one key. A
// step is what happens: "2x crashes", "is down", "wait 250ms", "free" for the calls
// that are stuck; with a minus sign before it the calls must not reach the hook.
func TestWhatOpensABreakerAndForHowLong(t *testing.T) {
	for name, row := range map[string]struct{ steps, trips string }{
		"a call that does not end opens it at the first": {
			"stuck, works, wait 50ms, -works, wait 1h, -3x works, free, wait 999ms, -works, wait 1ms, 9x works",
			"abandoned 1s",
		},
		"its wait doubles while trials do not end": {
			"stuck, wait 50ms, free, wait 1s, stuck, -works, wait 50ms, -works, free, wait 1999ms, -works, wait 1ms, works, works",
			"abandoned 1s, abandoned 2s",
		},
		"its wait is remembered for a minute": {
			"stuck, wait 50ms, free, wait 1s, works, wait 59s, stuck, wait 50ms, free, wait 2s, works, wait 60s, stuck, wait 50ms, free, wait 999ms, -works, wait 1ms, works",
			"abandoned 1s, abandoned 2s, abandoned 1s",
		},
		"who is late, but ends within the grace, is not abandoned": {
			"9x slow, works, 9x slow, works", "",
		},
		"ten late calls in a row open it": {
			"9x late, works, 9x late, throws, 10x late, -works, wait 999ms, -works, wait 1ms, works, 9x works",
			"deadline 1s",
		},
		"no call between them that says nothing matters": {
			"9x late, is down, late, -works", "deadline 1s",
		},
		"late trials double the wait, up to half a minute": {
			"10x late, wait 1s, late, wait 2s, late, wait 4s, late, wait 8s, late, wait 16s, late, wait 29999ms, -late, wait 1ms, late, wait 1h, works, works",
			"deadline 1s, deadline 2s, deadline 4s, deadline 8s, deadline 16s, deadline 30s, deadline 30s",
		},
		"after misses one success is enough": {
			"10x late, wait 1s, late, wait 2s, works, 9x late, works, 10x late, wait 1s, works",
			"deadline 1s, deadline 2s, deadline 1s",
		},
		"two crashes are free": {
			"2x crashes, 5x works, wait 10s, 2x crashes, 5x works, crashes, -works, wait 249ms, -works, wait 1ms, works, works",
			"crash 250ms",
		},
		"crashes that are far apart are free": {
			"crashes, wait 5s, crashes, wait 5s, crashes, wait 5s, crashes, wait 5s, crashes, wait 5s, crashes", "",
		},
		"crashed trials double the wait, up to half a minute": {
			"3x crashes, wait 250ms, crashes, wait 500ms, crashes, wait 1s, crashes, wait 2s, crashes, wait 4s, crashes, wait 8s, crashes, wait 16s, crashes, wait 29999ms, -works, wait 1ms, crashes, wait 30s, works",
			"crash 250ms, crash 500ms, crash 1s, crash 2s, crash 4s, crash 8s, crash 16s, crash 30s, crash 30s",
		},
		"a success does not take the crashes back": {
			"3x crashes, wait 250ms, works, crashes, -works, wait 500ms, works, wait 60s, 2x crashes, works, crashes, wait 250ms, works",
			"crash 250ms, crash 500ms, crash 250ms",
		},
		"a trial that fails in another way opens it for longer still": {
			"10x late, wait 1s, late, wait 2s, crashes, wait 3999ms, -works, wait 1ms, stuck, wait 50ms, free, wait 7999ms, -works, wait 1ms, works",
			"deadline 1s, deadline 2s, crash 4s, abandoned 8s",
		},
		"what answers say opens none": {
			"99x throws, 99x panics, 99x refuses, 99x is down, 99x works", "",
		},
		"what has waited all the time, and never began, is not late": {"99x waits, works", ""},
		"a trial that says no is a good one": {
			"3x crashes, wait 250ms, throws, works", "crash 250ms",
		},
		"a trial that never began is none": {
			"3x crashes, wait 250ms, is down, is down, crashes, -works, wait 500ms, works", "crash 250ms, crash 500ms",
		},
	} {
		for _, key := range []string{"two.a", "validate_start"} {
			t.Run(name+"/"+key, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := newLab(t)
					defer l.close()
					for i, s := range strings.Split(row.steps, ", ") {
						l.step(key, i, s)
					}
					if open := l.open(); len(open) > 0 && !strings.HasSuffix(row.steps, "-works") {
						t.Errorf("open in the end: %v", open)
					}
					if got := l.trips(); got != row.trips {
						t.Errorf("it opened as\n%s, want\n%s", got, row.trips)
					}
				})
			})
		}
	}
}

func (l *lab) step(key string, i int, s string) {
	l.t.Helper()
	if d, is := strings.CutPrefix(s, "wait "); is {
		wait, err := time.ParseDuration(d)
		if err != nil {
			l.t.Fatal(err)
		}
		after(wait)
		return
	}
	if s == "free" {
		l.free()
		synctest.Wait()
		return
	}
	rest, turned := strings.CutPrefix(s, "-")
	times := 1
	if n, a, is := strings.Cut(rest, "x "); is {
		if _, err := fmt.Sscan(n, &times); err != nil {
			l.t.Fatal(err)
		}
		rest = a
	}
	for range times {
		if reached, err := l.call(key, act(rest)); reached == turned {
			l.t.Fatalf("step %d, %s: reached %v: %v", i, s, reached, err)
		}
		if rest == string(slow) {
			after(hooks.AbandonGrace)
		}
	}
}

// trips are the openings as they were logged; those that are counted must be as many.
func (l *lab) trips() string {
	var all []string
	for _, line := range l.log.FilterMessageSnippet("not called for a while").All() {
		m := line.ContextMap()
		if m["game"] != "arena" || m["host"] != "test" || m["version"] != "1" || m["advice"] == "" || line.Level.String() != "warn" {
			l.t.Errorf("%v", m)
		}
		all = append(all, fmt.Sprintf("%v %v", m["reason"], m["for"]))
	}
	if n := sum(l.t, l.reg, "muster_hook_breaker_trips_total"); int(n) != len(all) {
		l.t.Errorf("%v openings are counted, %d logged", n, len(all))
	}
	return strings.Join(all, ", ")
}

// TestCallsLeftBehindDoNotPileUp has callers that come faster than the grace ends.
func TestCallsLeftBehindDoNotPileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		defer l.close()
		l.let(stuck)
		var callers sync.WaitGroup
		for range 32 {
			callers.Go(func() {
				if err := l.ask(t.Context(), "one.a"); !errors.Is(err, hooks.ErrTimeout) {
					t.Error(err)
				}
			})
		}
		callers.Wait()
		began := time.Now()
		if err := l.ask(t.Context(), "one.a"); !errors.Is(err, hooks.ErrTimeout) || !strings.Contains(err.Error(), "stuck") || time.Since(began) != 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if n := sum(t, l.reg, "muster_hook_abandoned"); n != 32 {
			t.Errorf("%v are counted as left behind", n)
		}
		if reached, err := l.call("one.b", works); !reached || err != nil {
			t.Errorf("another name: %v", err)
		}
		after(hooks.AbandonGrace)
		if trip := l.Tripped()[0]; trip.Running != 32 || trip.Reason != hooks.TripAbandoned || trip.Error() != "tripped: a call did not end (abandoned); tried again when it has ended" {
			t.Errorf("%+v: %v", trip, trip)
		}
		l.free()
		synctest.Wait()
		if trip := l.Tripped()[0]; trip.Running != 0 || trip.Error() != "tripped: a call did not end (abandoned); tried again in 1s" {
			t.Errorf("%+v: %v", trip, trip)
		}
		after(time.Minute)
		if text := l.Tripped()[0].Error(); text != "tripped: a call did not end (abandoned); tried again with the next call" {
			t.Error(text)
		}
		if n := sum(t, l.reg, "muster_hook_abandoned"); n != 0 || l.trips() != "abandoned 1s" {
			t.Errorf("%v are left behind, trips %s", n, l.trips())
		}
	})
}

// TestWhoHangsUpOpensNoBreaker has callers that go away before the deadline of a
// hook that takes no notice, and ends in time.
func TestWhoHangsUpOpensNoBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		defer l.close()
		for _, end := range []time.Duration{99 * ms, 160 * ms} {
			l.let(stuck)
			for range 20 {
				ctx, cancel := context.WithTimeout(t.Context(), ms/20)
				if err := l.ask(ctx, "one.a"); !errors.Is(err, fault.TryAgain) {
					t.Error(err)
				}
				cancel()
			}
			after(end - ms)
			if open := l.open(); (len(open) > 0) != (end > labTimeout+hooks.AbandonGrace) {
				t.Errorf("ended after %v: %v", end, open)
			}
			l.free()
			synctest.Wait()
		}
	})
}
