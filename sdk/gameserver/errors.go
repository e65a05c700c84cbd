package gameserver

import (
	"errors"
	"fmt"
	"net/http"
)

// What calls may fail with; compare with errors.Is.
var (
	// ErrUnavailable: the sidecar does not answer.
	ErrUnavailable = errors.New("gameserver: the sidecar does not answer")
	// ErrClosed: Close was called.
	ErrClosed = errors.New("gameserver: closed")
	// ErrAlreadyConnected: the player is in the list already.
	ErrAlreadyConnected = errors.New("gameserver: the player is connected already")
	// ErrNotConnected: the player is not in the list.
	ErrNotConnected = errors.New("gameserver: the player is not connected")
	// ErrFull: the player list has no room.
	ErrFull = errors.New("gameserver: the server is full")
	// ErrTrackingDisabled: this server has no player list.
	ErrTrackingDisabled = errors.New("gameserver: players are not tracked here")
	// ErrNoPayload: the server has not been handed a match yet.
	ErrNoPayload = errors.New("gameserver: no launch payload")
	// ErrBadPayload: there is a launch payload that cannot be read.
	ErrBadPayload = errors.New("gameserver: the launch payload cannot be read")
	// ErrNoPort: the port of that name is not in the environment.
	ErrNoPort = errors.New("gameserver: no such port")
	// ErrNoResultURL: the payload does not say where results go.
	ErrNoResultURL = errors.New("gameserver: the launch payload has no result address")
	// ErrMatchClosed: the match failed or timed out before its result came.
	ErrMatchClosed = errors.New("gameserver: the match is closed")
	// ErrResultRefused: the result was refused for good; another try would be, too.
	ErrResultRefused = errors.New("gameserver: the result was refused")

	// ErrTicketInvalid: not a ticket, or not signed for this match.
	ErrTicketInvalid = errors.New("gameserver: invalid ticket")
	// ErrTicketExpired: a ticket of this match whose time is over.
	ErrTicketExpired = errors.New("gameserver: the ticket has expired")
	// ErrTicketOtherMatch: a ticket of another match.
	ErrTicketOtherMatch = errors.New("gameserver: the ticket is for another match")
	// ErrNoTicketKey: the payload has no key to check tickets with.
	ErrNoTicketKey = errors.New("gameserver: the launch payload has no ticket key")
)

// SidecarError is an answer of the sidecar that is not a success.
type SidecarError struct {
	// Status is the HTTP status, Code the gRPC code of the body (0 if it has none).
	Status, Code int
	Message      string
}

func (e *SidecarError) Error() string {
	return fmt.Sprintf("gameserver: the sidecar answered %d (code %d): %s", e.Status, e.Code, e.Message)
}

// gRPC's status codes that the SDK tells apart.
const (
	codeNotFound      = 5
	codeAlreadyExists = 6
	codeOutOfRange    = 11
)

func (e *SidecarError) is(status, code int) bool {
	return e.Code == code || e.Code == 0 && e.Status == status
}

// transient reports whether another try may succeed.
func transient(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= 500
}
