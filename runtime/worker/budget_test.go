//go:build linux

package worker_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-gg/muster/runtime/process"
	"github.com/muster-gg/muster/runtime/worker"
)

// TestCrashesLeaveOthersAlone holds that one rpc which ends its process every time
// makes no call of another one fail, and uses up no budget.
func TestCrashesLeaveOthersAlone(t *testing.T) {
	p := newPlatform()
	w := start(t, shared, patient(p), func(o *worker.Options) {
		o.Timing.Budget, o.Timing.CrashWindow = 3, time.Second
	})
	var stop atomic.Bool
	var good sync.WaitGroup
	var served atomic.Int64
	for range 4 {
		good.Go(func() {
			for !stop.Load() {
				got, err := ask(context.Background(), w, "echo", "hello")
				if got != "hello" || err != nil {
					t.Errorf("a good call: %q %v", got, err)
					return
				}
				served.Add(1)
			}
		})
	}
	for range 30 {
		if _, err := ask(t.Context(), w, "crash", ""); !crashed(err) {
			t.Errorf("a bad call: %v", err)
		}
	}
	stop.Store(true)
	good.Wait()
	s := w.Status()
	t.Logf("%d good calls, %d restarts", served.Load(), s.Restarts)
	if s.State == process.Quarantined || s.Restarts < 30 {
		t.Errorf("%+v", s)
	}
}

// TestCrashBudget holds that crashes are bounded also where somebody is to blame for
// each.
func TestCrashBudget(t *testing.T) {
	w := start(t, shared, func(o *worker.Options) {
		o.Timing = process.Timing{Budget: 2, CrashWindow: time.Hour, FirstWait: time.Hour, MostWait: time.Hour, Patience: 30 * time.Second}
		o.Timeout = time.Minute
	})
	for n := range 21 {
		if _, err := ask(t.Context(), w, "crash", ""); !crashed(err) {
			t.Fatalf("crash %d: %v", n+1, err)
		}
	}
	var down *process.DownError
	if _, err := ask(t.Context(), w, "echo", ""); !errors.As(err, &down) || down.State != process.Restarting || down.Next.IsZero() {
		t.Errorf("%v", err)
	}
}

// TestNobodyToBlame holds that the budget counts deaths which no call is to blame for.
func TestNobodyToBlame(t *testing.T) {
	p := newPlatform()
	w := start(t, shared, patient(p), func(o *worker.Options) { o.Timing.Budget, o.Timing.FirstWait = 2, time.Millisecond })
	for range 2 {
		acting := begun(t, w, p, 3, "notify", "")
		kill(t, w)
		for range 3 {
			if err := <-acting; err == nil || crashed(err) {
				t.Errorf("%v", err)
			}
		}
	}
	var down *process.DownError
	if _, err := ask(t.Context(), w, "echo", ""); !errors.As(err, &down) || down.State != process.Quarantined {
		t.Errorf("%v", err)
	}
}
