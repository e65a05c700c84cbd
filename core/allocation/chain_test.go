package allocation_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/fault"
)

// scripted is a provider of which each test says what it does.
type scripted struct {
	calls    atomic.Int32
	allocate func(ctx context.Context, r allocation.Request) (allocation.Server, error)
	released string
}

func (p *scripted) Allocate(ctx context.Context, r allocation.Request) (allocation.Server, error) {
	p.calls.Add(1)
	return p.allocate(ctx, r)
}

func (p *scripted) Release(_ context.Context, game, matchID string) error {
	p.released = game + "/" + matchID
	return nil
}

// finding is one that can be asked.
type finding struct {
	scripted
	server allocation.Server
}

func (p *finding) Find(context.Context, string, string) (allocation.Server, bool, error) {
	return p.server, p.server.Port != 0, nil
}

var good = allocation.Server{Name: "gs", Address: "203.0.113.7", Port: 7777}

func gives(s allocation.Server, err error) *scripted {
	return &scripted{allocate: func(context.Context, allocation.Request) (allocation.Server, error) { return s, err }}
}

func chain(t *testing.T, o allocation.Options, providers ...allocation.Provider) *allocation.Chain {
	t.Helper()
	for i, p := range providers {
		o.Entries = append(o.Entries, allocation.Entry{
			Name: string(rune('a' + i)), Provider: p, Limits: allocation.Limits{Timeout: time.Minute, MaxConcurrent: 2},
		})
	}
	c, err := allocation.NewChain(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var request = allocation.Request{Game: "arena", MatchID: "m", Region: "eu"}

func TestOrder(t *testing.T) {
	none := allocation.None(errors.New("surely none"))
	wrapped := errors.Join(errors.New("x"), none)
	unknown := errors.New("cut connection")
	panics := &scripted{allocate: func(context.Context, allocation.Request) (allocation.Server, error) { panic(none) }}
	cases := map[string]struct {
		first    *scripted
		second   bool   // the second entry is tried
		provider string // of the server, or that may have made one
		code     string
	}{
		"first works":       {gives(good, nil), false, "a", ""},
		"none":              {gives(good, none), true, "b", ""},
		"wrapped none":      {gives(good, wrapped), true, "b", ""},
		"unknown":           {gives(good, unknown), false, "a", "allocation_unknown"},
		"panic":             {panics, false, "a", "allocation_unknown"},
		"no address":        {gives(allocation.Server{Port: 1}, nil), false, "a", "allocation_unknown"},
		"port out of range": {gives(allocation.Server{Address: "h", Port: 70000}, nil), false, "a", "allocation_unknown"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			second := gives(good, nil)
			s, err := chain(t, allocation.Options{}, tc.first, second).Allocate(t.Context(), request)
			if (second.calls.Load() == 1) != tc.second {
				t.Errorf("second entry tried %d times", second.calls.Load())
			}
			if tc.code == "" {
				if err != nil || s.Provider != tc.provider || s.Region != "eu" {
					t.Errorf("got %+v, %v", s, err)
				}
				return
			}
			if f := fault.From(err); f.Code != tc.code || f.Text != "Failed to allocate game server" {
				t.Errorf("error is %v", err)
			}
			if !allocation.IsUnknown(err) || allocation.UnknownProvider(err) != tc.provider || s != (allocation.Server{}) {
				t.Errorf("got %+v, unknown at %q", s, allocation.UnknownProvider(err))
			}
		})
	}
}

// TestPreference has the preferred entry fail, so that all are tried.
func TestPreference(t *testing.T) {
	for prefer, want := range map[string]string{"": "abc", "a": "abc", "b": "bac", "c": "cab", "nobody": "abc"} {
		var order strings.Builder
		named := func(name string) *scripted {
			return &scripted{allocate: func(context.Context, allocation.Request) (allocation.Server, error) {
				order.WriteString(name)
				return allocation.Server{}, allocation.None(errors.New("full"))
			}}
		}
		c, r := chain(t, allocation.Options{}, named("a"), named("b"), named("c")), request
		r.Prefer = prefer
		for range 2 { // the chain's own order is not changed by it
			order.Reset()
			if _, err := c.Allocate(t.Context(), r); !errors.Is(err, allocation.ErrFailed) || order.String() != want {
				t.Errorf("prefers %q: tried %s, want %s (%v)", prefer, order.String(), want, err)
			}
		}
		if s, err := chain(t, allocation.Options{}, gives(good, nil), gives(good, nil)).Allocate(t.Context(), r); prefer == "b" && (s.Provider != "b" || err != nil) {
			t.Errorf("got %+v, %v", s, err)
		}
	}
}

func TestAllFail(t *testing.T) {
	none := allocation.None(errors.New("no quota"))
	for _, c := range []*allocation.Chain{
		chain(t, allocation.Options{}),
		chain(t, allocation.Options{}, gives(good, none), gives(good, none)),
	} {
		_, err := c.Allocate(t.Context(), request)
		if !errors.Is(err, allocation.ErrFailed) || allocation.IsUnknown(err) || errors.Is(err, allocation.ErrUnknown) {
			t.Errorf("error is %v", err)
		}
	}
}

func TestDeadlineIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &scripted{allocate: func(ctx context.Context, _ allocation.Request) (allocation.Server, error) {
			<-ctx.Done()
			return allocation.Server{}, ctx.Err()
		}}
		second := gives(good, nil)
		begun := time.Now()
		c := chain(t, allocation.Options{}, slow, second)
		_, err := c.Allocate(t.Context(), request)
		if !allocation.IsUnknown(err) || second.calls.Load() != 0 || time.Since(begun) != time.Minute {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
		if c.Budget() != 2*time.Minute {
			t.Errorf("budget is %s", c.Budget())
		}
	})
}

// TestWaitingCountsIntoTheTimeout: two places; the third call waits for its
// timeout and is surely none, the fourth gets the place that is free by then.
func TestWaitingCountsIntoTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := make(chan time.Duration, 4)
		first := &scripted{allocate: func(ctx context.Context, _ allocation.Request) (allocation.Server, error) {
			deadline, _ := ctx.Deadline()
			left <- time.Until(deadline)
			pass(70 * time.Second)
			return good, nil
		}}
		second := gives(good, nil)
		c := chain(t, allocation.Options{}, first, second)
		answers := make(chan allocation.Server)
		call := func() {
			s, err := c.Allocate(t.Context(), request)
			if err != nil {
				t.Error(err)
			}
			answers <- s
		}
		go call()
		go call()
		synctest.Wait()
		go call()
		if s := <-answers; s.Provider != "b" || first.calls.Load() != 2 {
			t.Errorf("the third call got %+v after %d calls", s, first.calls.Load())
		}
		go call() // at 60 s; a place is free at 70 s
		<-answers
		<-answers
		<-answers
		<-left
		<-left
		if d := <-left; d != 50*time.Second {
			t.Errorf("the fourth call had %s left, want 50 s", d)
		}
	})
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	first := &scripted{allocate: func(ctx context.Context, _ allocation.Request) (allocation.Server, error) {
		cancel()
		return allocation.Server{}, allocation.None(ctx.Err())
	}}
	second := gives(good, nil)
	c := chain(t, allocation.Options{}, first, second)
	if _, err := c.Allocate(ctx, request); !errors.Is(err, allocation.ErrFailed) || second.calls.Load() != 0 {
		t.Errorf("error is %v", err)
	}
	if _, err := c.Allocate(ctx, request); !errors.Is(err, allocation.ErrFailed) || first.calls.Load() != 1 {
		t.Errorf("error is %v, %d calls", err, first.calls.Load())
	}
}

func TestReleaseAndFind(t *testing.T) {
	plain, finder := gives(good, nil), &finding{server: good}
	c := chain(t, allocation.Options{}, plain, finder)
	if err := c.Release(t.Context(), "a", "arena", "m"); err != nil || plain.released != "arena/m" {
		t.Errorf("%v, released %q", err, plain.released)
	}
	if err := c.Release(t.Context(), "z", "arena", "m"); !errors.Is(err, allocation.ErrNoProvider) {
		t.Errorf("error is %v", err)
	}
	if _, _, err := c.Find(t.Context(), "z", "arena", "m"); !errors.Is(err, allocation.ErrNoProvider) {
		t.Errorf("error is %v", err)
	}
	if _, _, err := c.Find(t.Context(), "a", "arena", "m"); !errors.Is(err, allocation.ErrCannotFind) {
		t.Errorf("error is %v", err)
	}
	if s, found, err := c.Find(t.Context(), "b", "arena", "m"); err != nil || !found || s.Provider != "b" {
		t.Errorf("%+v, %t, %v", s, found, err)
	}
	finder.server = allocation.Server{}
	if _, found, err := c.Find(t.Context(), "b", "arena", "m"); err != nil || found {
		t.Errorf("%t, %v", found, err)
	}
}

func TestEntriesAreChecked(t *testing.T) {
	e := allocation.Entry{Name: "a", Provider: gives(good, nil), Limits: allocation.Limits{Timeout: time.Second}}
	for name, entries := range map[string][]allocation.Entry{
		"twice":       {e, e},
		"no name":     {{Provider: e.Provider, Limits: e.Limits}},
		"no provider": {{Name: "a", Limits: e.Limits}},
		"no timeout":  {{Name: "a", Provider: e.Provider}},
	} {
		if _, err := allocation.NewChain(allocation.Options{Entries: entries}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestMask(t *testing.T) {
	got := allocation.Mask("key k1 token 0123456789abcdef0123456789abcdef_- bell\a\nend", 1000, "k1", "")
	if got != "key *** token *** bell \nend" {
		t.Errorf("got %q", got)
	}
	if got := allocation.Mask(strings.Repeat("é ", 50), 10); len(got) > 13 {
		t.Errorf("got %q", got)
	}
}
