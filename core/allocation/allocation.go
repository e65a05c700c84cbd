// Package allocation gets a dedicated server for a match: a chain of providers
// tried in order, each with its deadline and concurrency bound. Providers are
// below it (gameflow, local).
package allocation

import (
	"context"
	"errors"
	"net"
	"strconv"
	"time"
)

// Request asks for one server for one match. MatchID is the idempotency key.
type Request struct {
	Game, MatchID string
	// Region as asked for; empty: the provider's own default.
	Region string
	// Prefer names the entry to try first; empty, or one that the chain does not
	// have: their order.
	Prefer string
	// ResultURL is where the server reports its result, unless the provider
	// offers a nearer address (the local fleet's sidecar).
	ResultURL string
	// Payload returns the launch payload as JSON with the given resultUrl in it.
	// It may be called several times.
	Payload func(resultURL string) ([]byte, error)
	// Asking, when not nil, is called before each entry is asked, so that a crash
	// leaves behind who may have made a server. An error keeps the entry from being asked.
	Asking func(ctx context.Context, provider string) error
}

// Server is a dedicated server that was made for a match.
type Server struct {
	// Name is the provider's own name of it.
	Name string `json:"name"`
	// Address is a host name or an IP address (IPv6 without brackets) that players reach.
	Address string `json:"address"`
	Port    int    `json:"port"`
	// Provider is the chain entry's name ("local", "gameflow"); the chain fills it in.
	Provider string `json:"provider"`
	Region   string `json:"region,omitempty"`
}

// String is the server for operators.
func (s Server) String() string {
	return net.JoinHostPort(s.Address, strconv.Itoa(s.Port)) + " (" + s.Name + ")"
}

// Provider makes servers. Implementations are safe for concurrent use.
type Provider interface {
	// Allocate returns a server that is ready for players. An error that was
	// made by None says that surely no server was made; every other error leaves
	// that open, so no other provider may be tried. The deadline is ctx's.
	Allocate(ctx context.Context, r Request) (Server, error)
	// Release ends the server of a match. One that is gone already, or never was, is
	// no error. ErrCannotRelease where servers end by themselves only.
	Release(ctx context.Context, game, matchID string) error
}

// Finder is a provider that can be asked whether it made a server for a match.
type Finder interface {
	// Find returns the server of a match. Not found says that there is none, and
	// that none will come of a call that has returned; an error says nothing.
	Find(ctx context.Context, game, matchID string) (s Server, found bool, err error)
}

// Lister is a provider that knows the matches whose servers it has.
type Lister interface {
	// Matches returns the ids of the matches that Allocate made servers for, but
	// those that are ending.
	Matches(ctx context.Context, game string) ([]string, error)
}

// Fleet is a provider that runs servers itself and has to be run.
type Fleet interface {
	Provider
	// Start ends or adopts what an earlier run left behind and begins to watch.
	// The observer is told of every end of a server of a match, once.
	Start(ctx context.Context, o Observer) error
	// Stop ends all servers with their grace and waits for them and for its goroutines.
	Stop(ctx context.Context) error
}

// End says how a server of a match ended.
type End int

// The ways in which a server ends.
const (
	// EndedClean: it asked for shutdown, or exited with status 0.
	EndedClean End = iota + 1
	// EndedCrashed: it exited in any other way.
	EndedCrashed
	// EndedUnhealthy: it stopped to report health.
	EndedUnhealthy
	// EndedIdle: no player for the idle time; the fleet ended it.
	EndedIdle
)

func (e End) String() string {
	switch e {
	case EndedClean:
		return "clean"
	case EndedCrashed:
		return "crashed"
	case EndedUnhealthy:
		return "unhealthy"
	case EndedIdle:
		return "idle"
	}
	return "unknown"
}

// Observer is told by a fleet what happens to its servers. core/match implements
// it. Methods are called from the fleet's goroutines, one at a time for each
// match, and may block for as long as a match start takes.
type Observer interface {
	// ServerEnded is called once when a server that was handed a match has asked to end or has ended.
	ServerEnded(ctx context.Context, game, matchID string, end End)
	// Result passes on what the server posted to its sidecar's /result. status and
	// answer are the HTTP answer.
	Result(ctx context.Context, game, matchID, bearer string, body []byte) (status int, answer []byte)
}

// none marks errors that prove that no server was made.
type none struct{ cause error }

func (n *none) Error() string { return n.cause.Error() }
func (n *none) Unwrap() error { return n.cause }

// None says that surely no server was made: the chain may try the next provider.
func None(cause error) error { return &none{cause} }

// IsNone reports whether err was made by None.
func IsNone(err error) bool {
	var n *none
	return errors.As(err, &n)
}

// Limits bound one entry of a chain.
type Limits struct {
	// Timeout is the deadline of one Allocate, the provider's own included.
	Timeout time.Duration
	// MaxConcurrent bounds Allocate calls under way; waiting counts into Timeout.
	MaxConcurrent int
}

// PlayerObserver is an Observer that is also told who plays. The fleet must not
// wait for it where a server waits for the fleet.
type PlayerObserver interface {
	// PlayerConnected is called once for each name that a match's server has put
	// into its list of players, before that match's Result and ServerEnded.
	PlayerConnected(ctx context.Context, game, matchID, accountID string)
}

// ServerReleaser is a provider that likes to know which server it is to end. It
// is called in place of Release where the server is known.
type ServerReleaser interface {
	ReleaseServer(ctx context.Context, game, matchID string, s Server) error
}
