package allocation

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

const (
	defaultConcurrent = 32
	// askTimeout bounds how long a provider is asked what became of a call.
	askTimeout = 5 * time.Second
)

// entry is a provider with its bounds.
type entry struct {
	Entry
	places  chan struct{}
	breaker breaker
}

func newEntry(e Entry, b Breaker) *entry {
	if e.Limits.MaxConcurrent <= 0 {
		e.Limits.MaxConcurrent = defaultConcurrent
	}
	return &entry{Entry: e, places: make(chan struct{}, e.Limits.MaxConcurrent), breaker: breaker{Breaker: b}}
}

var errOpen = errors.New("it failed too often in a row and rests")

// try makes one call under the entry's deadline. how is for metrics.
func (e *entry) try(ctx context.Context, r Request) (s Server, how string, err error) {
	// Looked at before the wait too, so that nobody queues for a provider that rests.
	if e.breaker.refuses() {
		return Server{}, "open", None(errOpen)
	}
	parent := ctx
	ctx, cancel := context.WithTimeout(ctx, e.Limits.Timeout)
	defer cancel()
	select {
	case e.places <- struct{}{}:
		defer func() { <-e.places }()
	default:
		select {
		case e.places <- struct{}{}:
			defer func() { <-e.places }()
		case <-ctx.Done():
			return Server{}, "busy", None(fmt.Errorf("waited for a place: %w", ctx.Err()))
		}
	}
	if err := ctx.Err(); err != nil {
		return Server{}, "cancelled", None(err)
	}
	if r.Asking != nil {
		if err := r.Asking(ctx, e.Name); err != nil {
			return Server{}, "cancelled", None(err)
		}
	}
	if !e.breaker.begin() {
		return Server{}, "open", None(errOpen)
	}
	s, err = e.call(ctx, r)
	how, o := "ok", worked
	switch {
	case err == nil:
	case errors.Is(err, ErrFull) && IsNone(err):
		how, o = "full", neutral
	case parent.Err() != nil:
		how, o = "cancelled", neutral
	case IsNone(err):
		how, o = "none", failed
	default:
		how, o = "unknown", failed
	}
	e.breaker.end(o)
	if err != nil && !IsNone(err) && e.AskUnknown {
		return e.ask(ctx, r, how, err)
	}
	return s, how, err
}

// ask finds out what became of a call whose outcome is unknown: its server is
// used, or surely none was made. An answer that says neither leaves it unknown,
// whatever it wraps.
func (e *entry) ask(ctx context.Context, r Request, how string, cause error) (Server, string, error) {
	f, ok := e.Provider.(Finder)
	if !ok {
		return Server{}, how, cause
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTimeout)
	defer cancel()
	s, found, err := find(ctx, f, r)
	if err == nil && found {
		err = s.Validate()
	}
	switch {
	case err != nil:
		return Server{}, how, fmt.Errorf("%w; asked for it: %v", cause, err)
	case !found:
		return Server{}, "asked", None(fmt.Errorf("%w; asked for it: there is none", cause))
	}
	return s, "found", nil
}

func find(ctx context.Context, f Finder, r Request) (s Server, found bool, err error) {
	defer recovered(&err)
	return f.Find(ctx, r.Game, r.MatchID)
}

// call asks the provider. What it answers is checked as foreign input: a server
// that cannot be used was made all the same, so that is no None.
func (e *entry) call(ctx context.Context, r Request) (s Server, err error) {
	defer recovered(&err)
	if s, err = e.Provider.Allocate(ctx, r); err != nil {
		return Server{}, err
	}
	if err := s.Validate(); err != nil {
		return Server{}, fmt.Errorf("a server that cannot be used: %w", err)
	}
	return s, nil
}

// recovered turns a panic into an error that is no None. The value is only
// printed, never wrapped: an error inside it says nothing about a server.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	}
}
