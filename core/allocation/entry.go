package allocation

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

const defaultConcurrent = 32

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
	return s, how, err
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
