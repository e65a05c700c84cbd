package client

import (
	"errors"
	"fmt"
	"time"
)

// Codes that come from this package and not from the server.
const (
	// CodeConnectionLost: the socket ended before the reply; whether the request
	// was carried out is not known.
	CodeConnectionLost = "connection_lost"
	// CodeNotConnected: there is no socket now; nothing was sent.
	CodeNotConnected = "not_connected"
	// CodeClosed: Close was called.
	CodeClosed = "closed"
	// CodeBadAnswer: what came does not follow the protocol.
	CodeBadAnswer = "bad_answer"
	// CodeMatchmaking: a search could not be entered; Message says why.
	CodeMatchmaking = "matchmaking_failed"
	// CodeSearchCancelled: the search was cancelled before it was entered.
	CodeSearchCancelled = "search_cancelled"
)

// Error is an answer that is not the wished one. All errors of this package are
// *Error, but for those of a context and of a call that never reached the server.
type Error struct {
	// Code is the protocol's stable name, or one of this package.
	Code string
	// Message may be shown to players.
	Message string
	// Status is the HTTP status; 0 on the socket.
	Status int
	// RetryAfter, when positive, is how long to wait before another try.
	RetryAfter time.Duration
	// RequestID names the REST request in the server's log.
	RequestID string
	// CloseCode is the WebSocket close code that ended the socket; 0 when none came.
	CloseCode int
	// Cause may be nil.
	Cause error
}

// Error implements error.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s", e.Code, e.Message)
	if e.Status != 0 {
		s += fmt.Sprintf(" (status %d)", e.Status)
	}
	if e.CloseCode != 0 {
		s += fmt.Sprintf(" (close code %d)", e.CloseCode)
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Cause }

// CodeOf returns the code of the *Error inside err, empty when there is none.
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
