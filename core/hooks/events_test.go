package hooks_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/sdk/hook"
)

func opened(id string) *hook.Event {
	return &hook.Event{Kind: &hook.Event_SessionOpened{SessionOpened: &hook.SessionOpened{AccountId: id}}}
}

func dropped(t *testing.T, reg *prometheus.Registry, want float64) {
	t.Helper()
	if n := sum(t, reg, "muster_hook_events_dropped_total"); n != want {
		t.Errorf("%v events are counted as dropped, want %v", n, want)
	}
}

// TestEvents has a hook that is stuck beside one that is not: the other one hears
// everything in order, the stuck one what its queue holds, and Emit never waits.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stuck, swift []string
		release := make(chan struct{})
		slow := hookOf("slow", rules{event: func(_ context.Context, e *hook.Event) error {
			<-release
			stuck = append(stuck, e.GetSessionOpened().GetAccountId())
			e.GetSessionOpened().AccountId = "changed"
			return errors.New("logged")
		}})
		slow.Timeout = time.Hour
		fast := hookOf("fast", rules{event: func(_ context.Context, e *hook.Event) error {
			if e.GetGame() != "arena" || e.GetAt() != time.Now().UnixMilli() {
				t.Errorf("%v", e)
			}
			swift = append(swift, e.GetSessionOpened().GetAccountId())
			return nil
		}})
		reg := prometheus.NewRegistry()
		metrics, err := hooks.NewMetrics(reg)
		if err != nil {
			t.Fatal(err)
		}
		r, err := hooks.New(hooks.Options{Game: "arena", Hooks: []hooks.Hook{slow, fast}, EventQueue: 2, Metrics: metrics})
		if err != nil {
			t.Fatal(err)
		}
		if !r.Serves(hook.PointEvents) {
			t.Error("serves no events")
		}
		began := time.Now()
		for i := range 5 {
			r.Emit(opened(fmt.Sprint(i)))
			synctest.Wait() // the fast one is done with it
		}
		if time.Since(began) != 0 {
			t.Errorf("Emit waited %v", time.Since(began))
		}
		close(release)
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if got := strings.Join(swift, ""); got != "01234" {
			t.Errorf("the fast one heard %s", got)
		}
		if got := strings.Join(stuck, ""); got != "012" {
			t.Errorf("the slow one heard %s", got)
		}
		dropped(t, reg, 2)
		r.Emit(opened("late"))
		if len(swift) != 5 {
			t.Error("a closed runner tells events")
		}
	})
}

func TestCloseDropsEventsWhenItsTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		metrics, err := hooks.NewMetrics(reg)
		if err != nil {
			t.Fatal(err)
		}
		var heard atomic.Int32 // a call that was left behind and the next one may overlap
		slow := hookOf("slow", rules{event: func(ctx context.Context, _ *hook.Event) error {
			heard.Add(1)
			<-ctx.Done()
			return ctx.Err()
		}})
		slow.Timeout = time.Minute
		r, err := hooks.New(hooks.Options{Game: "arena", Hooks: []hooks.Hook{slow}, Metrics: metrics})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 4 {
			r.Emit(opened(fmt.Sprint(i)))
		}
		short, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		if err := r.Close(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if n := heard.Load(); n != 2 {
			t.Errorf("%d were told", n)
		}
		dropped(t, reg, 2)
	})
}
