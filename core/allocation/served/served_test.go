package served_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/served"
)

// TestHangUp: a caller who goes away leaves no server behind, whatever the chain
// makes of it: the server is given back, or written down where that is not sure.
func TestHangUp(t *testing.T) {
	surely := allocation.ErrFailed.With(errors.New("cancelled"))
	for name, c := range map[string]struct {
		chain          *chain
		named, unnamed int
		orphan         string // a part of its cause
	}{
		"none was made":            {&chain{make: cancelled(surely)}, 0, 0, ""},
		"it came all the same":     {&chain{make: cancelled(nil)}, 1, 0, ""},
		"it came, and stays":       {&chain{make: cancelled(nil), release: errors.New("API is down")}, 1, 0, "its caller went away; release: API is down; server 203.0.113.1:7000 (gs-1)"},
		"unknown to all":           {&chain{make: cancelled(unknown()), find: allocation.ErrCannotFind}, 0, 1, "the call was cut"},
		"unknown, cannot be ended": {&chain{make: cancelled(unknown()), release: allocation.ErrCannotRelease}, 0, 1, "release:"},
		"unknown, it is gone":      {&chain{make: cancelled(unknown())}, 0, 1, ""},
		"unknown, it is there":     {&chain{make: cancelled(unknown()), there: true}, 0, 1, "the call was cut"},
		"unknown, nobody answers":  {&chain{make: cancelled(unknown()), find: errors.New("API is down")}, 0, 1, "the call was cut"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := service(t, c.chain)
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				var to told
				if err := s.Make(ctx, served.Call{APIKey: "one", Region: "eu"}, to.tell); !errors.Is(err, context.Canceled) || to.times > 0 {
					t.Errorf("%v, told %d times", err, to.times)
				}
				synctest.Wait()
				if len(c.chain.named) != c.named || len(c.chain.unnamed) != c.unnamed {
					t.Errorf("released %v and %v", c.chain.named, c.chain.unnamed)
				}
				if c.orphan == "" != (len(c.chain.orphans) == 0) {
					t.Fatalf("written down: %v", c.chain.orphans)
				}
				for _, o := range c.chain.orphans {
					if o.Game != "arena" || o.Provider != "fleet" || o.Region != "eu" || o.MatchID != c.chain.asked[0] || !strings.Contains(o.Cause, c.orphan) {
						t.Errorf("written down: %+v", o)
					}
				}
			})
		})
	}
}

// TestCutAnswer: who was not told has no server. A call that comes again gets one
// of its own.
func TestCutAnswer(t *testing.T) {
	c := &chain{}
	s := service(t, c)
	call := served.Call{APIKey: "one", IdempotencyKey: "k"}
	broken := told{fails: errors.New("broken pipe")}
	if err := s.Make(t.Context(), call, broken.tell); !errors.Is(err, broken.fails) || len(c.named) != 1 {
		t.Errorf("%v, released %v", err, c.named)
	}
	var to told
	if err := s.Make(t.Context(), call, to.tell); err != nil || to.server != good || len(c.asked) != 2 || c.asked[0] == c.asked[1] || len(c.named) != 1 {
		t.Errorf("%v, told %+v, asked %v, released %v", err, to, c.asked, c.named)
	}
	// One that nobody can be told of any more is not told.
	gone, cancel := context.WithCancel(t.Context())
	c.make = func(context.Context, allocation.Request) (allocation.Server, error) { cancel(); return good, nil }
	to = told{}
	if err := s.Make(gone, served.Call{APIKey: "one"}, to.tell); !errors.Is(err, context.Canceled) || to.times != 0 {
		t.Errorf("%v, told %+v", err, to)
	}
}

// TestOnce: calls with one key share a server, as long as somebody wants it.
func TestOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &chain{make: func(ctx context.Context, _ allocation.Request) (allocation.Server, error) {
			select {
			case <-time.After(time.Minute):
				return good, nil
			case <-ctx.Done():
				return allocation.Server{}, allocation.ErrFailed.With(ctx.Err())
			}
		}}
		s := service(t, c)
		call := served.Call{APIKey: "one", IdempotencyKey: "k"}
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		left := make(chan error)
		var never, to told
		go func() { left <- s.Make(impatient, call, never.tell) }()
		synctest.Wait()
		if err := s.Make(t.Context(), call, to.tell); err != nil || to.server != good {
			t.Errorf("%v, told %+v", err, to)
		}
		if err := <-left; !errors.Is(err, context.DeadlineExceeded) || never.times > 0 || len(c.asked) != 1 || len(c.named) > 0 {
			t.Errorf("%v, told %d times; asked %v, released %v", err, never.times, c.asked, c.named)
		}
		for i, again := range []struct {
			call  served.Call
			asked int
			err   error
			wait  time.Duration
		}{
			{call, 1, nil, 23 * time.Hour},
			{served.Call{APIKey: "one", IdempotencyKey: "k", Payload: "x"}, 1, served.ErrReused, 0},
			{served.Call{APIKey: "two", IdempotencyKey: "k"}, 2, nil, 0}, // another caller
			{served.Call{APIKey: "one"}, 3, nil, 0},                      // without a key every call is one of its own
			{served.Call{APIKey: "one"}, 4, nil, 0},
			{call, 5, nil, 2 * time.Hour}, // forgotten
		} {
			time.Sleep(again.wait)
			to = told{}
			if err := s.Make(t.Context(), again.call, to.tell); err != nil || !errors.Is(to.err, again.err) || len(c.asked) != again.asked {
				t.Errorf("%d: %v, told %+v; asked %d times", i, err, to, len(c.asked))
			}
		}
		// What surely made none may be tried again; what nobody knows may not.
		for name, failed := range map[string]struct {
			err   error
			asked int
		}{"none": {allocation.ErrFailed, 2}, "unknown": {unknown(), 1}} {
			before := len(c.asked)
			c.make = func(context.Context, allocation.Request) (allocation.Server, error) {
				return allocation.Server{}, failed.err
			}
			for range 2 {
				to = told{}
				if err := s.Make(t.Context(), served.Call{APIKey: "one", IdempotencyKey: name}, to.tell); err != nil || !errors.Is(to.err, failed.err) {
					t.Errorf("%s: %v, told %+v", name, err, to)
				}
			}
			if asked := len(c.asked) - before; asked != failed.asked {
				t.Errorf("%s: asked %d times", name, asked)
			}
		}
	})
}

// TestTimeout: the chain has the time that the caller gives.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &chain{}
		s := service(t, c)
		for _, given := range []time.Duration{0, 30 * time.Second} {
			var to told
			if err := s.Make(t.Context(), served.Call{Timeout: given}, to.tell); err != nil || c.deadline != given {
				t.Errorf("%v, the chain had %s", err, c.deadline)
			}
		}
	})
}

// TestBusy: the calls under way are bounded.
func TestBusy(t *testing.T) {
	const most = 1024
	synctest.Test(t, func(t *testing.T) {
		c := &chain{make: cancelled(allocation.ErrFailed)}
		s := service(t, c)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		for range most {
			go func() { ended <- s.Make(ctx, served.Call{}, new(told).tell) }()
		}
		synctest.Wait()
		var to told
		if err := s.Make(t.Context(), served.Call{}, to.tell); err != nil || !errors.Is(to.err, served.ErrBusy) {
			t.Errorf("%v, told %v", err, to.err)
		}
		cancel()
		for range most {
			<-ended
		}
		synctest.Wait()
		c.make = nil
		if err := s.Make(t.Context(), served.Call{}, to.tell); err != nil || to.server != good {
			t.Errorf("%v, told %+v", err, to)
		}
	})
}

// TestClose: calls under way come to their end, as long as there is time; then
// their callers are told that there is no server.
func TestClose(t *testing.T) {
	for name, grace := range map[string]time.Duration{"enough time": time.Minute, "too little": time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &chain{make: func(ctx context.Context, _ allocation.Request) (allocation.Server, error) {
					select {
					case <-time.After(10 * time.Second):
						return good, nil
					case <-ctx.Done():
						return allocation.Server{}, allocation.ErrFailed.With(ctx.Err())
					}
				}}
				s := service(t, c)
				answered := make(chan error, 1)
				var to, late told
				go func() {
					answered <- s.Make(t.Context(), served.Call{}, func(made allocation.Server, failed error) error {
						time.Sleep(time.Second) // a slow connection
						return to.tell(made, failed)
					})
				}()
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), grace)
				defer cancel()
				err := s.Close(ctx)
				if to.times != 1 || len(answered) != 1 {
					t.Fatal("the caller was not told before the end")
				}
				if enough := grace == time.Minute; enough != (err == nil) || enough != (to.server == good) || enough == errors.Is(to.err, allocation.ErrFailed) {
					t.Errorf("close: %v; told %+v", err, to)
				}
				if err := s.Make(t.Context(), served.Call{}, late.tell); err != nil || !errors.Is(late.err, served.ErrClosed) {
					t.Errorf("after the end: %v, told %v", err, late.err)
				}
				if err := s.Close(t.Context()); err != nil {
					t.Errorf("again: %v", err)
				}
			})
		})
	}
}

func TestKeys(t *testing.T) {
	s := service(t, &chain{})
	for key, knows := range map[string]bool{"one": true, "two": true, "": false, "on": false, "one ": false, "onetwo": false} {
		if s.Knows(key) != knows {
			t.Errorf("%q: %v", key, !knows)
		}
	}
	whole := served.Options{Game: "g", Keys: []string{"k"}, Chain: &chain{}, State: newDocuments(t), Orphans: &chain{}}
	for _, without := range []func(o *served.Options){
		func(o *served.Options) { o.Game = "" }, func(o *served.Options) { o.Keys = nil }, func(o *served.Options) { o.Keys = []string{"k", ""} },
		func(o *served.Options) { o.Chain = nil }, func(o *served.Options) { o.State = nil }, func(o *served.Options) { o.Orphans = nil },
	} {
		o := whole
		without(&o)
		if _, err := served.New(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
