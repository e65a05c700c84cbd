package process

import (
	"testing"
	"time"
)

// TestWaits follows a plugin that dies again and again.
func TestWaits(t *testing.T) {
	r := restarts{timing: Timing{}.withDefaults()}
	now := time.Unix(1e9, 0)
	die := func(up time.Duration) (time.Duration, bool) {
		now = now.Add(up)
		wait, again := r.died(now, up)
		now = now.Add(wait)
		return wait, again
	}
	for i, want := range []time.Duration{0, 0, 250, 500, 1000, 2000, 4000, 8000, 16000} {
		want *= time.Millisecond
		if wait, again := die(time.Millisecond); !again || wait > want || wait < want*4/5 {
			t.Errorf("death %d: it waits %s (%v), want %s", i+1, wait, again, want)
		}
	}
	if _, again := die(time.Millisecond); again {
		t.Error("the tenth death in ten minutes is one too many")
	}
}

func TestHealthyTimesReset(t *testing.T) {
	r := restarts{timing: Timing{}.withDefaults()}
	now := time.Unix(1e9, 0)
	for range 5 {
		r.died(now, 0)
	}
	now = now.Add(2 * time.Minute)
	if wait, again := r.died(now, 2*time.Minute); wait != 0 || !again {
		t.Errorf("after two minutes it waits %s (%v)", wait, again)
	}
	now = now.Add(10 * time.Minute)
	// One death a minute and a bit is under ten in ten minutes: never too many.
	for range 100 {
		now = now.Add(67 * time.Second)
		if wait, again := r.died(now, 67*time.Second); wait != 0 || !again {
			t.Fatalf("it waits %s (%v)", wait, again)
		}
	}
}

func TestWaitsEndAtTheMost(t *testing.T) {
	r := restarts{timing: Timing{Budget: 1000, BudgetSpan: 1}.withDefaults()}
	now := time.Unix(1e9, 0)
	for range 100 {
		wait, again := r.died(now, 0)
		if !again || wait > 30*time.Second || wait < 0 {
			t.Fatalf("it waits %s", wait)
		}
		now = now.Add(wait)
	}
}

// TestBlamedDeaths holds that deaths which a call is to blame for are bounded by
// themselves, and never the end.
func TestBlamedDeaths(t *testing.T) {
	r := restarts{timing: Timing{}.withDefaults()}
	now := time.Unix(1e9, 0)
	for n := range mostBlamed {
		if wait := r.blamed(now, 0); wait != 0 {
			t.Fatalf("death %d: it waits %s", n+1, wait)
		}
		now = now.Add(400 * time.Millisecond)
	}
	for _, most := range []time.Duration{250, 500, 1000} {
		if wait := r.blamed(now, 0); wait <= 0 || wait > most*time.Millisecond {
			t.Errorf("one too many waits %s, want %dms", wait, most)
		}
	}
	now = now.Add(10 * time.Second)
	for n := range 100 { // one in half a second, for ever
		if wait := r.blamed(now, 0); wait != 0 {
			t.Fatalf("slow death %d waits %s", n+1, wait)
		}
		now = now.Add(501 * time.Millisecond)
	}
}

// TestForgivenDeaths holds that a death does not count once a call is to blame.
func TestForgivenDeaths(t *testing.T) {
	r := restarts{timing: Timing{}.withDefaults()}
	now := time.Unix(1e9, 0)
	for n := range 50 {
		now = now.Add(time.Millisecond)
		if wait, again := r.died(now, 0); wait != 0 || !again {
			t.Fatalf("death %d waits %s (%v)", n+1, wait, again)
		}
		r.forgive(now)
	}
}
