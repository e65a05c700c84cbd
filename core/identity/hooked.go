package identity

import (
	"context"
	"errors"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/sdk/hook"
)

// Hooked returns the provider whose sign-ins a game's hooks check; a core/hooks
// Runner is meant. What they refuse is told with their own text: provider_refused,
// or invalid_field when they say that the request itself is malformed.
// provider_unreachable and provider_unavailable are their failures.
func Hooked(a hook.Authenticator) Provider { return hooked{a} }

type hooked struct{ hooks hook.Authenticator }

var _ Provider = hooked{}

// Authenticate implements Provider.
func (h hooked) Authenticate(ctx context.Context, r *Request) (*Identity, error) {
	fields := make(map[string]*structpb.Value, len(r.Fields))
	for name, field := range r.Fields {
		value, err := structpb.NewValue(field)
		if err != nil {
			return nil, ErrInvalidField.About("A field of the request is not valid text") // the error could quote a secret
		}
		fields[name] = value
	}
	got, err := h.hooks.Authenticate(ctx, &hook.AuthRequest{
		Game: r.Game, Provider: r.Provider, Fields: fields, RemoteAddress: r.RemoteAddress,
	})
	if err != nil {
		return nil, ofHook(ctx, err)
	}
	if got == nil {
		return nil, nil
	}
	return &Identity{
		Provider: got.GetProvider(), Subject: got.GetSubject(), Username: got.GetUsername(),
		AvatarURL: got.GetAvatarUrl(), Vars: got.GetVars(),
	}, nil
}

// ofHook turns the error of a hook into what the player is told.
func ofHook(ctx context.Context, err error) error {
	if refusal, is := hook.AsRefusal(err); is {
		template := ErrProviderRefused
		if refusal.GetInvalid() {
			template = ErrInvalidField
		}
		if text := refusal.GetReason(); text != "" {
			template = template.About("%s", text)
		}
		return template.With(err)
	}
	var f *fault.Error
	switch {
	case hook.IsUnreachable(err):
		return ErrProviderUnreachable.With(err)
	case errors.As(err, &f) && f.Code == ErrProviderUnknown.Code:
		return ErrProviderUnknown.With(err)
	case ctx.Err() != nil:
		return fault.From(ctx.Err())
	}
	return ErrProviderUnavailable.With(err)
}
