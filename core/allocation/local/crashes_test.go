//go:build linux

package local

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation"
)

func TestHold(t *testing.T) {
	var c crashes
	start := time.Now()
	now := start
	fail := func() time.Duration {
		c.failed(now, now, errors.New("cannot load the map"))
		return c.hold(now)
	}
	for n, want := range []time.Duration{0, 0, 1, 2, 4, 8, 16, 32, 60, 60} {
		if got := fail(); got != want*time.Second {
			t.Errorf("after %d failures nothing starts for %s, want %ds", n+1, got, want)
		}
		now = now.Add(c.hold(now))
	}
	if c.held(now) != nil {
		t.Error("the hold does not end")
	}
	// One that was started before the last hold is of the same wave.
	c.failed(start, now, errors.New("late"))
	if got := c.hold(now); got != 0 {
		t.Errorf("a late failure holds for %s", got)
	}
	c.succeeded()
	if got := fail(); got != 0 {
		t.Errorf("the first failure after a success holds for %s", got)
	}
	fail()
	now = now.Add(crashQuiet + 1)
	if got := fail(); got != 0 {
		t.Errorf("a failure after a quiet time holds for %s", got)
	}
	if c.count() != 14 {
		t.Errorf("%d are counted", c.count())
	}
}

// TestCrashLoop holds that a fleet whose servers crash stops to start them for a
// while, and says so.
func TestCrashLoop(t *testing.T) {
	f, _ := startFleet(t, options(t, "crash"))
	for range crashesFree {
		if _, err := f.Allocate(t.Context(), request("m")); !allocation.IsNone(err) || strings.Contains(err.Error(), "in a row") {
			t.Fatalf("error is %v", err)
		}
	}
	f.crashes.mu.Lock()
	f.crashes.until = time.Now().Add(time.Hour) // a busy machine is not faster
	f.crashes.mu.Unlock()
	_, err := f.Allocate(t.Context(), request("m"))
	if !allocation.IsNone(err) || errors.Is(err, allocation.ErrFull) {
		t.Errorf("error is %v", err)
	}
	for _, want := range []string{"3 servers in a row ended before they were ready", "cannot load the map"} {
		if err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if st := f.Stats(); st.Crashes != crashesFree || st.Held == 0 || st.Servers != 0 {
		t.Errorf("stats are %+v", st)
	}
}

// TestCrashLoopOfWarmServers holds that a pool is slowed down too, and that a
// fleet can be stopped meanwhile.
func TestCrashLoopOfWarmServers(t *testing.T) {
	o := options(t, "crash")
	o.Warm = 3
	f, obs := startFleet(t, o)
	eventually(t, "starts are held", func() bool { return f.Stats().Held > 0 })
	stopFleet(t, f)
	obs.wantNoEnd(t)
}

// TestGivenUpIsNoCrash holds that what callers do is not taken for a loop.
func TestGivenUpIsNoCrash(t *testing.T) {
	f, _ := startFleet(t, options(t, "never"))
	for range crashesFree + 1 {
		done := make(chan error)
		go func() {
			_, err := f.Allocate(t.Context(), request("m"))
			done <- err
		}()
		eventually(t, "the process runs", func() bool { return len(recordsLeft(f)) == 1 })
		_ = f.Release(t.Context(), "arena", "m")
		if err := <-done; !allocation.IsNone(err) {
			t.Errorf("error is %v", err)
		}
	}
	if st := f.Stats(); st.Crashes != 0 || st.Held != 0 {
		t.Errorf("stats are %+v", st)
	}
}
