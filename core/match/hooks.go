package match

import (
	"context"
	"encoding/json"

	"github.com/muster-gg/muster/core/lobby"
)

// Hooks are the game's rules that a match asks. They run outside the lobby's
// reducer, with deadlines of their own. Errors are *fault.Error.
type Hooks interface {
	// Balance returns the account ids of each team, in the order of the lobby's
	// teams; nil leaves everybody where he is.
	Balance(ctx context.Context, l *lobby.Lobby) ([][]string, error)
	// Validate refuses a start.
	Validate(ctx context.Context, l *lobby.Lobby) error
	// Payload may add keys to the launch payload and choose the region.
	Payload(ctx context.Context, l *lobby.Lobby, region string) (Addition, error)
	// Result may amend or refuse a result before it is stored.
	Result(ctx context.Context, m *Live, r Result) (Result, error)
}

// Addition is what hooks add to a start.
type Addition struct {
	// Keys of the launch payload.
	Keys map[string]json.RawMessage
	// Region; empty leaves it as it was.
	Region string
}

// noHooks are the built-in rules alone.
type noHooks struct{}

var _ Hooks = noHooks{}

func (noHooks) Balance(context.Context, *lobby.Lobby) ([][]string, error) { return nil, nil }
func (noHooks) Validate(context.Context, *lobby.Lobby) error              { return nil }
func (noHooks) Payload(context.Context, *lobby.Lobby, string) (Addition, error) {
	return Addition{}, nil
}
func (noHooks) Result(_ context.Context, _ *Live, r Result) (Result, error) { return r, nil }
