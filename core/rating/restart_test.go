package rating_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/core/rating"
	"github.com/muster-gg/muster/core/store"
	"github.com/muster-gg/muster/core/store/sqlite"
)

// house is an outbox over a real file and a platform that listens.
type house struct {
	*testing.T
	path     string
	platform *gameflowtest.Server
}

func newHouse(t *testing.T) *house {
	h := &house{T: t, path: filepath.Join(t.TempDir(), "muster.db")}
	h.platform = gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: "key"})
	t.Cleanup(func() {
		h.platform.Close()
		if p := h.platform.Problems(); len(p) > 0 {
			t.Errorf("the platform complains: %q", p)
		}
	})
	return h
}

// open starts a run of the program: f is given what records matches. When it
// returns, the run ends in the middle of whatever it does.
func (h *house) open(f func(records store.Matches, whole store.Store)) {
	h.Helper()
	file, err := sqlite.Open(h.Context(), sqlite.Options{Path: h.path})
	h.must(err)
	platform, err := gameflow.NewRatings(gameflow.RatingsOptions{URL: h.platform.URL, GameID: "g1", APIKey: "key", Mode: "ranked"})
	h.must(err)
	outbox := rating.New(rating.Options{Game: game, Store: file, Platform: platform})
	ctx, stop := context.WithCancel(h.Context())
	ended := make(chan error, 1)
	go func() { ended <- outbox.Run(ctx) }()
	defer func() {
		stop()
		h.must(<-ended)
		platform.Close()
		h.must(file.Close())
	}()
	f(outbox.Records(file), file)
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) finish(records store.Matches, m store.Match) {
	h.Helper()
	_, first, err := records.FinishMatch(h.Context(), m)
	h.must(err)
	if !first {
		h.Fatalf("match %s has an end already", m.ID)
	}
}

// next waits for a call.
func next(t *testing.T, calls <-chan gameflowtest.RatingCall) gameflowtest.RatingCall {
	t.Helper()
	select {
	case c := <-calls:
		return c
	case <-time.After(time.Minute):
		t.Fatal("no report came")
		return gameflowtest.RatingCall{}
	}
}

// TestRestartInTheMiddle: a run that ends while a report is under way leaves owed
// what was not taken, and the next one sends that and nothing else.
func TestRestartInTheMiddle(t *testing.T) {
	h := newHouse(t)
	calls := make(chan gameflowtest.RatingCall, 64)
	h.platform.DecideRatings(func(n int, c gameflowtest.RatingCall) gameflowtest.Behaviour {
		calls <- c
		if n == 4 {
			return gameflowtest.Slow(time.Hour) // rated, and nobody is told
		}
		return gameflowtest.OK()
	})
	var want []string
	h.open(func(records store.Matches, _ store.Store) {
		for n := range 10 {
			id := fmt.Sprint("m", n)
			want = append(want, id)
			h.finish(records, ended(id))
		}
		for range 5 {
			next(t, calls)
		}
	})
	if got := len(h.platform.RatingCalls()); got != 5 {
		t.Fatalf("%d calls before the restart", got)
	}
	h.open(func(records store.Matches, _ store.Store) {
		for _, id := range want[4:] { // the one under way again, and the rest
			if c := next(t, calls); c.MatchID != id {
				t.Errorf("sent %s, want %s", c.MatchID, id)
			}
		}
		// Nothing is owed: the next call is that of a new match.
		h.finish(records, ended("last"))
		if c := next(t, calls); c.MatchID != "last" {
			t.Errorf("%s was sent again", c.MatchID)
		}
	})
	want = append(want, "last")
	h.until(func() bool { return slices.Equal(h.platform.Rated(), want) })
}

// TestRestartKeepsTheTries: what was put off is owed to the next run, and nothing
// that was refused is.
func TestRestartKeepsTheTries(t *testing.T) {
	h := newHouse(t)
	calls := make(chan gameflowtest.RatingCall, 64)
	answers := map[string]gameflowtest.Behaviour{
		"busy": gameflowtest.Status(503), "refused": gameflowtest.Status(400),
	}
	h.platform.DecideRatings(func(_ int, c gameflowtest.RatingCall) gameflowtest.Behaviour {
		calls <- c
		return answers[c.MatchID]
	})
	h.open(func(records store.Matches, whole store.Store) {
		h.finish(records, ended("refused"))
		h.finish(records, ended("busy"))
		next(t, calls)
		next(t, calls)
		h.until(func() bool { r, err := whole.NextReport(t.Context(), game); return err == nil && r.Tries > 0 })
	})
	h.platform.DecideRatings(func(_ int, c gameflowtest.RatingCall) gameflowtest.Behaviour {
		calls <- c
		return gameflowtest.OK()
	})
	h.open(func(store.Matches, store.Store) {
		if c := next(t, calls); c.MatchID != "busy" {
			t.Errorf("%s was sent again", c.MatchID)
		}
		h.until(func() bool { return slices.Equal(h.platform.Rated(), []string{"busy"}) })
	})
}

// TestErasedMeanwhile: who is erased while his match is owed is not reported.
func TestErasedMeanwhile(t *testing.T) {
	h := newHouse(t)
	calls := make(chan gameflowtest.RatingCall, 64)
	h.platform.DecideRatings(func(n int, c gameflowtest.RatingCall) gameflowtest.Behaviour {
		calls <- c
		if n == 0 {
			return gameflowtest.Slow(time.Hour)
		}
		return gameflowtest.OK()
	})
	h.open(func(records store.Matches, whole store.Store) {
		h.finish(records, ended("first"))
		next(t, calls)
		ann, _, err := whole.SignIn(t.Context(), store.Account{ID: "ann", Game: game, Username: "Ann"}, store.Identity{Provider: "p", Subject: "s"}, "", store.SignIn{ID: "c", Game: game})
		h.must(err)
		m := ended("m")
		m.Roster = []byte(strings.Replace(string(m.Roster), `{"accountId":"ann-m"`, `{"accountId":"cy","username":"Cy"},{"accountId":"`+ann.ID+`"`, 1))
		h.finish(records, m)
		_, err = whole.Erase(t.Context(), game, ann.ID)
		h.must(err)
	})
	h.open(func(store.Matches, store.Store) {
		next(t, calls)
		c := next(t, calls)
		if want := [][][2]string{{{"cy", "Cy"}}, {{"bob-m", "Bob"}}}; c.MatchID != "m" || fmt.Sprint(c.Teams) != fmt.Sprint(want) || fmt.Sprint(c.Ranks) != "[1 2]" {
			t.Errorf("reported %+v", c)
		}
	})
}

// until waits for something that nobody tells.
func (h *house) until(f func() bool) {
	h.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for !f() {
		select {
		case <-tick.C:
		case <-deadline:
			h.Fatal("it never came to pass")
		}
	}
}
