package allocation_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/allocation"
)

// asked is a provider of which it is open what its calls did, until it is asked.
type asked struct {
	scripted
	finds int
	find  func(ctx context.Context) (allocation.Server, bool, error)
}

func (p *asked) Find(ctx context.Context, game, matchID string) (allocation.Server, bool, error) {
	if game != request.Game || matchID != request.MatchID {
		return allocation.Server{}, false, errors.New("asked for another match")
	}
	p.finds++
	return p.find(ctx)
}

// unsure is one whose every call is cut.
func unsure(find func(ctx context.Context) (allocation.Server, bool, error)) *asked {
	p := &asked{find: find}
	p.allocate = func(context.Context, allocation.Request) (allocation.Server, error) {
		return allocation.Server{}, errors.New("cut connection")
	}
	return p
}

func asking(t *testing.T, m allocation.Metrics, first allocation.Provider, ask bool, second allocation.Provider) *allocation.Chain {
	t.Helper()
	limits := allocation.Limits{Timeout: time.Minute}
	c, err := allocation.NewChain(allocation.Options{Metrics: m, Entries: []allocation.Entry{
		{Name: "a", Provider: first, Limits: limits, AskUnknown: ask}, {Name: "b", Provider: second, Limits: limits},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestAskUnknown: the next provider is tried only when the first one knows that
// it has no server.
func TestAskUnknown(t *testing.T) {
	for name, tc := range map[string]struct {
		server allocation.Server
		found  bool
		err    error
		panics bool
		ask    bool

		provider, outcome string // of the server; "" when it stays unknown
	}{
		"found":              {server: good, found: true, ask: true, provider: "a", outcome: "found"},
		"not found":          {ask: true, provider: "b", outcome: "asked"},
		"no answer":          {err: errors.New("down"), ask: true, outcome: "unknown"},
		"an answer to doubt": {err: allocation.None(errors.New("down")), ask: true, outcome: "unknown"},
		"panic":              {panics: true, ask: true, outcome: "unknown"},
		"useless server":     {server: allocation.Server{Address: "h"}, found: true, ask: true, outcome: "unknown"},
		"not to be asked":    {server: good, found: true, outcome: "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			first, second, m := unsure(func(context.Context) (allocation.Server, bool, error) {
				if tc.panics {
					panic(allocation.None(errors.New("panic")))
				}
				return tc.server, tc.found, tc.err
			}), gives(good, nil), &counts{}
			s, err := asking(t, m, first, tc.ask, second).Allocate(t.Context(), request)
			if tc.provider != "" && (err != nil || s.Provider != tc.provider || s.Address != good.Address) {
				t.Errorf("got %+v, %v", s, err)
			}
			if tc.provider == "" && (allocation.UnknownProvider(err) != "a" || s != (allocation.Server{})) {
				t.Errorf("got %+v, %v", s, err)
			}
			if tried := second.calls.Load() == 1; tried != (tc.provider == "b") || (first.finds == 1) != tc.ask {
				t.Errorf("second tried: %t, first asked %d times", tried, first.finds)
			}
			want := map[string]int{"a " + tc.outcome: 1}
			if tc.provider == "b" {
				want["b ok"] = 1
			}
			if !maps.Equal(m.by, want) {
				t.Errorf("metrics are %v, want %v", m.by, want)
			}
		})
	}
}

// TestAskWhoCannotBeAsked: the flag makes nobody a Finder, and what is known needs
// no question.
func TestAskWhoCannotBeAsked(t *testing.T) {
	second := gives(good, nil)
	_, err := asking(t, nil, gives(good, errors.New("cut")), true, second).Allocate(t.Context(), request)
	if allocation.UnknownProvider(err) != "a" || second.calls.Load() != 0 {
		t.Errorf("error is %v", err)
	}
	none := unsure(func(context.Context) (allocation.Server, bool, error) { return good, true, nil })
	none.allocate = func(context.Context, allocation.Request) (allocation.Server, error) {
		return good, allocation.None(errors.New("refused"))
	}
	s, err := asking(t, nil, none, true, second).Allocate(t.Context(), request)
	if err != nil || s.Provider != "b" || none.finds != 0 {
		t.Errorf("got %+v, %v; asked %d times", s, err, none.finds)
	}
}

// TestAskAfterACancel: the caller who has gone away must not leave it open.
func TestAskAfterACancel(t *testing.T) {
	for _, found := range []bool{true, false} {
		ctx, cancel := context.WithCancel(t.Context())
		first := unsure(func(ctx context.Context) (allocation.Server, bool, error) { return good, found, ctx.Err() })
		first.allocate = func(ctx context.Context, _ allocation.Request) (allocation.Server, error) {
			cancel()
			return allocation.Server{}, ctx.Err()
		}
		second := gives(good, nil)
		s, err := asking(t, nil, first, true, second).Allocate(ctx, request)
		if found && (err != nil || s.Provider != "a") || !found && (!errors.Is(err, allocation.ErrFailed) || allocation.IsUnknown(err)) {
			t.Errorf("found %t: got %+v, %v", found, s, err)
		}
		if second.calls.Load() != 0 {
			t.Error("the next provider was tried for nobody")
		}
	}
}

// TestAskingIsBounded: the question has a deadline of its own, which is in the budget.
func TestAskingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := unsure(func(ctx context.Context) (allocation.Server, bool, error) {
			<-ctx.Done()
			return allocation.Server{}, false, ctx.Err()
		})
		first.allocate = func(ctx context.Context, _ allocation.Request) (allocation.Server, error) {
			<-ctx.Done()
			return allocation.Server{}, ctx.Err()
		}
		c := asking(t, nil, first, true, gives(good, nil))
		begun := time.Now()
		_, err := c.Allocate(t.Context(), request)
		if took := time.Since(begun); !allocation.IsUnknown(err) || took != 65*time.Second || c.Budget() != time.Minute+took {
			t.Errorf("%v after %s, budget %s", err, took, c.Budget())
		}
	})
}

// TestAsking: it is told who is about to be asked, and may keep him from it.
func TestAsking(t *testing.T) {
	var told []string
	r := request
	refuse := ""
	r.Asking = func(_ context.Context, provider string) error {
		told = append(told, provider)
		if provider == refuse {
			return errors.New("not saved")
		}
		return nil
	}
	first := &scripted{allocate: func(context.Context, allocation.Request) (allocation.Server, error) {
		if !slices.Equal(told, []string{"a"}) {
			t.Errorf("called after %q", told)
		}
		return good, allocation.None(errors.New("refused"))
	}}
	second := gives(good, nil)
	c := chain(t, allocation.Options{Breaker: allocation.Breaker{Failures: 1}}, first, second)
	if s, err := c.Allocate(t.Context(), r); err != nil || s.Provider != "b" || !slices.Equal(told, []string{"a", "b"}) {
		t.Errorf("got %+v, %v; told %q", s, err, told)
	}
	told = nil
	if s, err := c.Allocate(t.Context(), r); err != nil || s.Provider != "b" || !slices.Equal(told, []string{"b"}) {
		t.Errorf("the first rests: got %+v, %v; told %q", s, err, told)
	}
	refuse = "b"
	if _, err := c.Allocate(t.Context(), r); !errors.Is(err, allocation.ErrFailed) || allocation.IsUnknown(err) || second.calls.Load() != 2 {
		t.Errorf("%v after %d calls", err, second.calls.Load())
	}
}

// whole is a provider with all abilities.
type whole struct {
	scripted
	ended  allocation.Server
	panics bool
}

func (p *whole) ReleaseServer(_ context.Context, game, matchID string, s allocation.Server) error {
	if p.panics {
		panic("release")
	}
	p.released, p.ended = "server of "+game+"/"+matchID, s
	return allocation.ErrCannotRelease
}

func (p *whole) Matches(_ context.Context, game string) ([]string, error) {
	if p.panics {
		panic("matches")
	}
	return []string{game + "-1", game + "-2"}, nil
}

// TestAbilities: what a provider can do beyond Allocate is asked of it, and what it
// cannot is answered for it.
func TestAbilities(t *testing.T) {
	plain, able := gives(good, nil), &whole{}
	c := chain(t, allocation.Options{}, plain, able)
	server := good
	server.Provider = "a"
	if err := c.ReleaseServer(t.Context(), "arena", "m", server); err != nil || plain.released != "arena/m" {
		t.Errorf("%v, released %q", err, plain.released)
	}
	server.Provider = "b"
	if err := c.ReleaseServer(t.Context(), "arena", "m", server); !errors.Is(err, allocation.ErrCannotRelease) || able.released != "server of arena/m" || able.ended != server {
		t.Errorf("%v, released %q %+v", err, able.released, able.ended)
	}
	if _, err := c.Matches(t.Context(), "a", "arena"); !errors.Is(err, allocation.ErrCannotList) {
		t.Errorf("error is %v", err)
	}
	if ids, err := c.Matches(t.Context(), "b", "arena"); err != nil || !slices.Equal(ids, []string{"arena-1", "arena-2"}) {
		t.Errorf("%q, %v", ids, err)
	}
	server.Provider = "z"
	if err := c.ReleaseServer(t.Context(), "arena", "m", server); !errors.Is(err, allocation.ErrNoProvider) {
		t.Errorf("error is %v", err)
	}
	if _, err := c.Matches(t.Context(), "z", "arena"); !errors.Is(err, allocation.ErrNoProvider) {
		t.Errorf("error is %v", err)
	}
	able.panics, server.Provider = true, "b"
	if err := c.ReleaseServer(t.Context(), "arena", "m", server); err == nil {
		t.Error("a panic is told as done")
	}
	if _, err := c.Matches(t.Context(), "b", "arena"); err == nil {
		t.Error("a panic is an empty list")
	}
}
