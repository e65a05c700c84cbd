package hook

import "context"

// Call says which call a hook is serving, for hooks that serve several games or points.
type Call struct {
	Game  string
	Point Point
	// Hook is the name of the hook in the game's config.
	Hook string
}

type callKey struct{}

// WithCall returns a context that carries c. The platform calls it.
func WithCall(ctx context.Context, c Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// CallFrom returns the call that a hook's context belongs to; zero outside of one.
func CallFrom(ctx context.Context) Call {
	c, _ := ctx.Value(callKey{}).(Call)
	return c
}
