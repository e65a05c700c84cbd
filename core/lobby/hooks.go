package lobby

import "context"

// Hooks are the game's rules that lobbies ask. They run outside the reducer, on
// the goroutine of the player who caused them, with deadlines of their own.
// Errors are *fault.Error.
type Hooks interface {
	// BeforeCreate may amend or refuse a lobby that is to be made.
	BeforeCreate(ctx context.Context, who Who, d Draft) (Draft, error)
	// WantJoin reports whether BeforeJoin or AssignTeam would do anything.
	WantJoin() bool
	// BeforeJoin may refuse a join; what it returns are the player's properties.
	BeforeJoin(ctx context.Context, l *Lobby, who Who) (Properties, error)
	// AssignTeam names the team that the hook wishes for the player; "" for none.
	AssignTeam(ctx context.Context, l *Lobby, who Who) (string, error)
	// BeforeChat may change or refuse a line of chat.
	BeforeChat(ctx context.Context, l *Lobby, who Who, text string) (string, error)
}

// noHooks are the built-in rules alone.
type noHooks struct{}

var _ Hooks = noHooks{}

func (noHooks) BeforeCreate(_ context.Context, _ Who, d Draft) (Draft, error) { return d, nil }
func (noHooks) WantJoin() bool                                                { return false }
func (noHooks) BeforeJoin(context.Context, *Lobby, Who) (Properties, error)   { return nil, nil }
func (noHooks) AssignTeam(context.Context, *Lobby, Who) (string, error)       { return "", nil }
func (noHooks) BeforeChat(_ context.Context, _ *Lobby, _ Who, text string) (string, error) {
	return text, nil
}
