package match

import (
	"context"
	"encoding/json"

	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/store"
)

// Hooks are the game's rules that a match asks. They run outside the lobby's
// reducer, with deadlines of their own. Errors are *fault.Error.
type Hooks interface {
	// Pin returns a context in which the rules stay those of now until release.
	Pin(ctx context.Context) (_ context.Context, release func())
	// Versions names the rules of ctx, for logs.
	Versions(ctx context.Context) []string
	// WantIdentities reports whether Balance or Validate would use them.
	WantIdentities(ctx context.Context) bool
	// Balance returns the account ids of each team, in the order of the lobby's
	// teams; nil leaves everybody where he is.
	Balance(ctx context.Context, l *lobby.Lobby, known Identities) ([][]string, error)
	// Validate refuses a start.
	Validate(ctx context.Context, l *lobby.Lobby, known Identities) error
	// Payload may add keys to the launch payload and choose the region and the provider.
	Payload(ctx context.Context, l *lobby.Lobby, region string) (Addition, error)
	// Result may amend or refuse a result before it is stored.
	Result(ctx context.Context, m *Live, r Result) (Result, error)
}

// Identities are the sign-ins of players by account id.
type Identities map[string][]store.Identity

// Addition is what hooks add to a start.
type Addition struct {
	// Keys of the launch payload.
	Keys map[string]json.RawMessage
	// Region; empty leaves it as it was.
	Region string
	// Provider is the entry of the allocator to try first; empty: their order.
	Provider string
}

// noHooks are the built-in rules alone.
type noHooks struct{}

var _ Hooks = noHooks{}

func (noHooks) Pin(ctx context.Context) (context.Context, func()) { return ctx, func() {} }
func (noHooks) Versions(context.Context) []string                 { return nil }
func (noHooks) WantIdentities(context.Context) bool               { return false }
func (noHooks) Balance(context.Context, *lobby.Lobby, Identities) ([][]string, error) {
	return nil, nil
}
func (noHooks) Validate(context.Context, *lobby.Lobby, Identities) error { return nil }
func (noHooks) Payload(context.Context, *lobby.Lobby, string) (Addition, error) {
	return Addition{}, nil
}
func (noHooks) Result(_ context.Context, _ *Live, r Result) (Result, error) { return r, nil }
