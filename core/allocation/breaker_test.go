package allocation_test

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/allocation"
)

// counts is a Metrics.
type counts struct {
	mu sync.Mutex
	by map[string]int
}

func (c *counts) AllocationTried(provider, outcome string, _ time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = map[string]int{}
	}
	c.by[provider+" "+outcome]++
}

func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var answer error = allocation.None(errors.New("refused"))
		p := &scripted{allocate: func(context.Context, allocation.Request) (allocation.Server, error) { return good, answer }}
		m := &counts{}
		c := chain(t, allocation.Options{Breaker: allocation.Breaker{Failures: 3, Pause: time.Minute}, Metrics: m}, p, gives(good, nil))
		try := func(times int) (calls int32) {
			before := p.calls.Load()
			for range times {
				if _, err := c.Allocate(t.Context(), request); err != nil && !allocation.IsUnknown(err) {
					t.Error(err)
				}
			}
			return p.calls.Load() - before
		}
		if n := try(2); n != 2 {
			t.Errorf("%d calls before it opens", n)
		}
		answer = errors.New("unknown counts too")
		try(1)
		if n := try(5); n != 0 {
			t.Errorf("%d calls while it is open", n)
		}
		pass(time.Minute)
		if n := try(5); n != 1 {
			t.Errorf("%d calls half open, the first fails; want 1", n)
		}
		pass(time.Minute)
		answer = nil
		if n := try(5); n != 5 {
			t.Errorf("%d calls after a success, want 5", n)
		}
		answer = allocation.None(errors.New("refused"))
		if n := try(10); n != 3 {
			t.Errorf("%d calls until it opens again, want 3", n)
		}
		want := map[string]int{"a none": 5, "a unknown": 2, "a open": 16, "a ok": 5, "b ok": 21}
		if !maps.Equal(m.by, want) {
			t.Errorf("metrics are %v, want %v", m.by, want)
		}
	})
}

// TestOneTrialAtATime: while the half-open breaker's one call is under way,
// others are refused.
func TestOneTrialAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fail := true
		p := &scripted{allocate: func(context.Context, allocation.Request) (allocation.Server, error) {
			if fail {
				return good, allocation.None(errors.New("refused"))
			}
			pass(time.Second)
			return good, nil
		}}
		c := chain(t, allocation.Options{Breaker: allocation.Breaker{Failures: 1, Pause: time.Minute}}, p)
		if _, err := c.Allocate(t.Context(), request); err == nil {
			t.Error("no error")
		}
		fail = false
		pass(time.Minute)
		done := make(chan error)
		go func() {
			_, err := c.Allocate(t.Context(), request)
			done <- err
		}()
		synctest.Wait()
		if _, err := c.Allocate(t.Context(), request); !errors.Is(err, allocation.ErrFailed) || p.calls.Load() != 2 {
			t.Errorf("error is %v, %d calls", err, p.calls.Load())
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, err := c.Allocate(t.Context(), request); err != nil {
			t.Error(err)
		}
	})
}

// TestNotTheProvidersFault: a full provider and callers that give up do not open it.
func TestNotTheProvidersFault(t *testing.T) {
	full := gives(good, allocation.None(allocation.ErrFull))
	c := chain(t, allocation.Options{Breaker: allocation.Breaker{Failures: 1}}, full)
	for range 3 {
		_, _ = c.Allocate(t.Context(), request)
	}
	if full.calls.Load() != 3 {
		t.Errorf("full: %d calls, want 3", full.calls.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	given := &scripted{}
	given.allocate = func(ctx context.Context, _ allocation.Request) (allocation.Server, error) {
		cancel()
		return good, ctx.Err()
	}
	c = chain(t, allocation.Options{Breaker: allocation.Breaker{Failures: 1}}, given)
	for range 3 {
		_, err := c.Allocate(ctx, request)
		if !allocation.IsUnknown(err) {
			t.Errorf("error is %v", err)
		}
		ctx, cancel = context.WithCancel(t.Context())
	}
	cancel()
	if given.calls.Load() != 3 {
		t.Errorf("given up: %d calls, want 3", given.calls.Load())
	}
}

// pass lets time go by on a bubble's false clock.
func pass(d time.Duration) { <-time.After(d) }
