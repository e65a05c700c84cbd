package allocation

import (
	"errors"
	"fmt"

	"github.com/muster-gg/muster/core/fault"
)

// ErrFailed is what Chain.Allocate answers when surely no server was made: no
// entry could make one. Its cause names every try.
var ErrFailed = fault.New("allocation_failed", "Failed to allocate game server")

// ErrUnknown is what Chain.Allocate answers when a server may have been made
// that nobody can name. Its cause is an *UnknownError.
var ErrUnknown = fault.New("allocation_unknown", "Failed to allocate game server")

// ErrFull, wrapped by None, says that a provider is healthy and has no room
// left. The chain goes on to the next entry and its breaker does not count it.
var ErrFull = errors.New("no room for another server")

// ErrNoProvider says that a chain has no entry of that name.
var ErrNoProvider = errors.New("no such provider")

// ErrCannotFind says that a provider cannot be asked by match id.
var ErrCannotFind = errors.New("the provider cannot be asked by match id")

// ErrCannotRelease says that a provider's servers end by themselves only.
var ErrCannotRelease = errors.New("the provider has no way to end a server")

// ErrCannotList says that a provider does not know the matches of its servers.
var ErrCannotList = errors.New("the provider cannot list its servers")

// UnknownError names the provider that may have made a server for a match.
type UnknownError struct {
	// Provider is the chain entry's name, good for Release and Find.
	Provider string
	// Cause is for logs only.
	Cause error
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("%s may have made a server: %v", e.Provider, e.Cause)
}

// Unwrap gives the private cause.
func (e *UnknownError) Unwrap() error { return e.Cause }

// IsUnknown reports whether err leaves open if a server was made.
func IsUnknown(err error) bool { return UnknownProvider(err) != "" }

// UnknownProvider returns the name of the chain entry that may have made a
// server, or "" when err does not leave that open.
func UnknownProvider(err error) string {
	var u *UnknownError
	if errors.As(err, &u) {
		return u.Provider
	}
	return ""
}
