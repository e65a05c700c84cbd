package hooks_test

import (
	"context"
	"errors"
	"fmt"
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

// wish is a version of a hook that wishes a team and knows when it is closed.
func wish(version, team string, closed *atomic.Bool) hooks.Hook {
	h := hookOf("rules", rules{
		assign: func(context.Context, *hook.Lobby, *hook.Player) (string, error) {
			if closed.Load() {
				return "", errors.New("called after its host was closed")
			}
			return team, nil
		},
		event: func(context.Context, *hook.Event) error {
			if closed.Load() {
				return errors.New("told after its host was closed")
			}
			return nil
		},
	})
	h.Version = version
	return policy(h, hook.FailRefuse)
}

func over(r *hooks.Retired) bool {
	select {
	case <-r.Done():
		return true
	default:
		return false
	}
}

// TestSwapsUnderLoad replaces hooks as fast as it can while calls, pins and events
// go on: none of them fails or reaches a version that is over, and every version is
// over in the end.
func TestSwapsUnderLoad(t *testing.T) {
	reg := prometheus.NewRegistry()
	metrics, err := hooks.NewMetrics(reg)
	if err != nil {
		t.Fatal(err)
	}
	r := newRunner(t, hooks.Options{Hooks: []hooks.Hook{wish("0", "A", new(atomic.Bool))}, Metrics: metrics, EventQueue: 1 << 16})
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	var calls atomic.Int64
	ask := func(ctx context.Context) string {
		team, err := r.AssignTeam(ctx, twoTeams(), &hook.Player{AccountId: "p"})
		if err != nil || team == "" {
			t.Errorf("a call failed: %q %v", team, err)
		}
		calls.Add(1)
		return team
	}
	for i := range 4 {
		load.Go(func() {
			for ctx.Err() == nil {
				if i > 0 {
					ask(t.Context())
					r.Emit(opened("p"))
					continue
				}
				pinned, release := r.Pin(t.Context())
				first := ask(pinned)
				for range 3 {
					if team := ask(pinned); team != first {
						t.Errorf("pinned to %s, asked %s", first, team)
					}
				}
				release()
			}
		})
	}
	var retired []*hooks.Retired
	var hosts sync.WaitGroup
	closed := new(atomic.Bool) // of the version that runs
	for i := range 200 {
		next := new(atomic.Bool)
		old, err := r.Swap([]hooks.Hook{wish(fmt.Sprint(i+1), string(rune('A'+i%2)), next)})
		if err != nil {
			t.Fatal(err)
		}
		retired = append(retired, old)
		was := closed
		closed = next
		hosts.Go(func() {
			<-old.Done()
			was.Store(true)
		})
		for seen := calls.Load(); calls.Load() < seen+8 && !t.Failed(); {
			ask(t.Context())
		}
	}
	stop()
	load.Wait()
	hosts.Wait()
	for i, old := range retired {
		if !over(old) {
			t.Errorf("version %d is not over", i)
		}
	}
	if n := failures(t, reg); n != 0 {
		t.Errorf("%v calls have failed", n)
	}
	if v := versionsOf(t, reg); !slices.Equal(v, []string{"200"}) && len(v) != 0 {
		t.Errorf("the metrics still have the versions %v", v)
	}
}

// TestAnOldSetIsOverWhenNobodyUsesIt holds one user of each kind, and lets them go
// one by one.
func TestAnOldSetIsOverWhenNobodyUsesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := map[string]chan struct{}{"slow": make(chan struct{}), "deaf": make(chan struct{}), "event": make(chan struct{})}
		var told []string
		h := hookOf("old", rules{
			validate: func(context.Context, *hook.Lobby) error { <-release["slow"]; return nil },
			chat: func(context.Context, *hook.Lobby, *hook.ChatMessage) (*hook.ChatMessage, error) {
				<-release["deaf"]
				return nil, nil
			},
			event: func(_ context.Context, e *hook.Event) error {
				<-release["event"]
				told = append(told, e.GetSessionOpened().GetAccountId())
				return nil
			},
			assign: func(context.Context, *hook.Lobby, *hook.Player) (string, error) { return "A", nil },
		})
		h.Timeout = time.Hour
		deaf := hookOf("deaf", rules{chat: h.Impl.(*rules).chat})
		deaf.Timeout = time.Second
		h.Points = slices.DeleteFunc(h.Points, func(p hook.Point) bool { return p == hook.PointBeforeChat })
		r, err := hooks.New(hooks.Options{Game: "arena", Hooks: []hooks.Hook{h, deaf}})
		if err != nil {
			t.Fatal(err)
		}
		pinned, unpin := r.Pin(t.Context())
		r.Emit(opened("1"))
		r.Emit(opened("2"))
		if _, err := r.BeforeChat(t.Context(), twoTeams(), &hook.ChatMessage{Text: "hi"}); err != nil {
			t.Error(err)
		}
		answered := make(chan error)
		go func() { answered <- r.ValidateStart(t.Context(), twoTeams()) }()
		synctest.Wait()

		heard := make(chan string, 1)
		old, err := r.Swap([]hooks.Hook{hookOf("new", rules{event: func(_ context.Context, e *hook.Event) error {
			heard <- e.GetSessionOpened().GetAccountId()
			return nil
		}})})
		if err != nil {
			t.Fatal(err)
		}
		r.Emit(opened("3"))
		if id := <-heard; id != "3" {
			t.Errorf("the new hook heard %s", id)
		}
		if r.Serves(hook.PointAssignTeam) || !r.ServesIn(pinned, hook.PointAssignTeam) {
			t.Error("a pinned context does not keep its hooks, or another one does")
		}
		if team, err := r.AssignTeam(pinned, twoTeams(), &hook.Player{}); team != "A" || err != nil {
			t.Errorf("pinned: %q %v", team, err)
		}
		if got := fmt.Sprint(r.Versions(pinned), r.Versions(t.Context())); got != "[old@1 deaf@1] [new@1]" {
			t.Error(got)
		}
		for _, one := range []struct {
			of  string
			let func()
		}{
			{"the call", func() {
				close(release["slow"])
				if err := <-answered; err != nil {
					t.Error(err)
				}
			}},
			{"the pin", func() { unpin(); unpin() }},
			{"the call that was left behind", func() { close(release["deaf"]) }},
			{"the events", func() { close(release["event"]) }},
		} {
			synctest.Wait()
			if over(old) {
				t.Errorf("over before %s is", one.of)
			}
			one.let()
		}
		<-old.Done()
		if strings.Join(told, "") != "12" {
			t.Errorf("the old hook heard %v", told)
		}
		// A pin that was released is no pin any more.
		if team, err := r.AssignTeam(pinned, twoTeams(), &hook.Player{}); team != "" || err != nil {
			t.Errorf("released: %q %v", team, err)
		}
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestABadSetLeavesTheOldOne(t *testing.T) {
	r := newRunner(t, hooks.Options{Hooks: []hooks.Hook{wish("1", "A", new(atomic.Bool))}})
	if old, err := r.Swap([]hooks.Hook{{Name: "bad", Impl: struct{}{}}}); old != nil || err == nil || !strings.Contains(err.Error(), "bad: it serves no extension point") {
		t.Errorf("%v %v", old, err)
	}
	if team, err := r.AssignTeam(t.Context(), twoTeams(), &hook.Player{}); team != "A" || err != nil {
		t.Errorf("%q %v", team, err)
	}
	if err := r.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if old, err := r.Swap(nil); old != nil || err == nil {
		t.Errorf("a closed runner takes hooks: %v", err)
	}
	ctx, release := r.Pin(t.Context())
	release()
	if _, err := r.AssignTeam(ctx, twoTeams(), &hook.Player{}); err == nil {
		t.Error("a closed runner calls hooks")
	}
}
