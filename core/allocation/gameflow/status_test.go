package gameflow_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

// newKind returns a provider of new servers, or of a fleet's.
func newKind(t testing.TB, url string, fleet bool) *gameflow.Provider {
	t.Helper()
	p, err := gameflow.New(gameflow.Options{URL: url, GameID: gameID, APIKey: apiKey, Region: "us-east", Timeout: 120 * time.Second, Fleet: fleet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// TestEveryStatus: 4xx but 408, 503 and 504 are a none, all that is not 200 is
// unknown, and one call is made, whatever the body and a Retry-After say.
func TestEveryStatus(t *testing.T) {
	var status, calls atomic.Int64
	good := `{"server":{"name":"a","address":"203.0.113.9","port":7777}}`
	bodies := []string{good, `{"code":3,"message":"no"}`, "", "<html>"}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := calls.Add(1)
		if status.Load() != http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "0")
		}
		w.WriteHeader(int(status.Load()))
		_, _ = w.Write([]byte(bodies[int(n)%len(bodies)]))
	}))
	defer h.Close()
	for _, fleet := range []bool{false, true} {
		p := newKind(t, h.URL, fleet)
		for code := 201; code < 600; code++ {
			status.Store(int64(code))
			before := calls.Load()
			_, err := p.Allocate(t.Context(), request("m"))
			want := unknown
			if code >= 400 && code < 500 && code != 408 || code == 503 || code == 504 {
				want = none
			}
			if got := outcome(err); got != want || calls.Load() != before+1 {
				t.Errorf("fleet %v, status %d: %s (%v) after %d calls, want %s", fleet, code, got, err, calls.Load()-before, want)
			}
		}
	}
}

// TestEveryRetryAfter: only a 429 that asks for at most two seconds is tried again.
func TestEveryRetryAfter(t *testing.T) {
	date := func(in time.Duration) string { return time.Now().Add(in).UTC().Format(http.TimeFormat) }
	for _, fleet := range []bool{false, true} {
		platform := newPlatform(t)
		p := newKind(t, platform.URL, fleet)
		for _, c := range []struct {
			after string
			calls int
		}{
			{"0", 2}, {"1", 2}, {"00", 2}, {date(-time.Hour), 2}, {date(0), 2},
			{"3", 1}, {"1000", 1}, {"99999999999999999999", 1}, {"-1", 1}, {"1.5", 1}, {"0x1", 1}, {" ", 1}, {"soon", 1}, {"", 1},
			{date(time.Hour), 1}, {time.Now().Format(time.RFC3339), 1},
		} {
			before := platform.Count()
			platform.Script(gameflowtest.RateLimited(c.after), gameflowtest.RateLimited("0"))
			_, err := p.Allocate(t.Context(), request("m"))
			calls := platform.Count() - before
			if outcome(err) != none || calls != c.calls {
				t.Errorf("fleet %v, Retry-After %q: %v after %d calls, want none after %d", fleet, c.after, err, calls, c.calls)
			}
			if calls == 1 { // the second answer is still to be given
				_, _ = p.Allocate(t.Context(), request("m"))
			}
		}
		for _, b := range []gameflowtest.Behaviour{gameflowtest.Status(503), gameflowtest.Status(400), gameflowtest.Lost(500)} {
			b.RetryAfter = "0"
			before := platform.Count()
			platform.Script(b)
			if _, err := p.Allocate(t.Context(), request("m")); err == nil || platform.Count() != before+1 {
				t.Errorf("fleet %v, %s with Retry-After: %v after %d calls", fleet, b.Name, err, platform.Count()-before)
			}
		}
	}
}

// TestEveryFault: each kind that the stand-in knows is no server, and a none only
// if there is none.
func TestEveryFault(t *testing.T) {
	for _, fleet := range []bool{false, true} {
		platform := newPlatform(t)
		p := newKind(t, platform.URL, fleet)
		var names []string
		for _, b := range gameflowtest.Faults() {
			t.Run(fmt.Sprintf("fleet %v %s", fleet, b.Name), func(t *testing.T) {
				platform.Script(b)
				if b.RetryAfter == "0" {
					platform.Script(b)
				}
				made := platform.Made()
				_, err := p.Allocate(t.Context(), request("m"))
				if err == nil || outcome(err) == none && platform.Made() != made {
					t.Errorf("%v, %d made", err, platform.Made()-made)
				}
			})
			names = append(names, b.Name)
		}
		slices.Sort(names)
		if n := len(names); n < 25 || len(slices.Compact(names)) != n {
			t.Errorf("faults are %q", names)
		}
		if problems := platform.Problems(); len(problems) > 0 {
			t.Errorf("the platform complains: %q", problems)
		}
	}
}
