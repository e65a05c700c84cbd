// Package fault is the one kind of error that may reach a player: a stable
// code, a text that anyone may read, and a cause that only logs see.
package fault

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Error is an answer to somebody outside. Values are immutable: With, After and
// About return copies, so package-level errors are safe templates.
type Error struct {
	// Code is the stable snake_case name that programs compare.
	Code string
	// Text is shown to players; it never holds secrets or foreign error texts.
	Text string
	// RetryAfter, when positive, says how long to wait before another try.
	RetryAfter time.Duration
	// Cause is for logs only. May be nil.
	Cause error
}

// New returns an error with a code and its public text.
func New(code, text string) *Error { return &Error{Code: code, Text: text} }

// Error is the form for logs: it includes the cause.
func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Text, e.Cause)
	}
	return e.Code + ": " + e.Text
}

// Unwrap gives the private cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Cause }

// Is makes errors.Is compare codes, so that a copy with a cause still matches.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// With returns a copy that carries a private cause.
func (e *Error) With(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// About returns a copy with another public text.
func (e *Error) About(format string, args ...any) *Error {
	c := *e
	c.Text = fmt.Sprintf(format, args...)
	return &c
}

// After returns a copy that tells the caller when to try again.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// Errors that any part may answer with.
var (
	Internal = New("internal", "Internal error")
	TryAgain = New("try_again", "Busy, please try again")
	Draining = New("draining", "The server is restarting, please reconnect")
)

// From returns the *Error inside err. Anything else becomes Internal with err as
// its cause, a cancelled or timed-out context TryAgain. From(nil) is nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return TryAgain.With(err)
	}
	return Internal.With(err)
}
