package identity

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/muster-gg/muster/core/store"
)

// maxIdentities bounds how many ways an account may have to sign in.
const maxIdentities = 32

// Link lets a provider check the fields and adds the identity to the account. One
// that is linked to it already stays as it is. A device is linked by "anonymous"
// with its deviceId. provider_unknown, what the provider answers, identity_taken,
// invalid_field, account_not_found, internal.
func (s *Service) Link(ctx context.Context, id, provider string, fields map[string]any, remoteAddr string) (store.Account, error) {
	a, err := s.Account(ctx, id)
	if err != nil {
		return store.Account{}, err
	}
	if provider == AnonymousName {
		// Without a device nobody could ever sign in with it again.
		if fields["deviceId"] == nil {
			return store.Account{}, ErrInvalidField.About("deviceId is required")
		}
		if fields["username"] == nil {
			fields = maps.Clone(fields)
			fields["username"] = a.Username
		}
	}
	who, err := s.ask(ctx, provider, fields, remoteAddr)
	if err != nil {
		return store.Account{}, err
	}
	if len(a.Identities) >= maxIdentities && !slices.ContainsFunc(a.Identities, func(i store.Identity) bool {
		return i.Provider == provider && i.Subject == who.Subject
	}) {
		return store.Account{}, ErrInvalidField.About("An account may have at most %d identities", maxIdentities)
	}
	a, err = s.store.Link(ctx, s.game, id, who.stored(milliseconds(time.Now())))
	if errors.Is(err, store.ErrTaken) {
		return store.Account{}, ErrIdentityTaken.With(err)
	}
	if err != nil {
		return store.Account{}, failure(err)
	}
	return a, nil
}

// Unlink takes the identities of a provider off the account: they may then belong
// to another one. It works for providers that the game no longer has.
// not_found, last_identity, provider_unknown, account_not_found, internal.
func (s *Service) Unlink(ctx context.Context, id, provider string) (store.Account, error) {
	a, err := s.store.Unlink(ctx, s.game, id, provider)
	switch {
	case err == nil:
		return a, nil
	case errors.Is(err, store.ErrLast):
		return store.Account{}, ErrLastIdentity.With(err)
	case !errors.Is(err, store.ErrNotFound):
		return store.Account{}, failure(err)
	}
	if _, err := s.Account(ctx, id); err != nil {
		return store.Account{}, err
	}
	if _, known := s.providers[provider]; !known {
		return store.Account{}, ErrProviderUnknown
	}
	return store.Account{}, ErrNotLinked
}
