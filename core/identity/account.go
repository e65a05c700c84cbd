package identity

import (
	"context"
	"time"

	"github.com/muster-gg/muster/core/store"
)

// Verify returns what a valid access token says: signed for this game, not
// expired, its sign-in not ended. Called by transport for every request with a
// bearer and every socket; an answer from memory takes some microseconds.
// invalid_token, internal.
func (s *Service) Verify(ctx context.Context, accessToken string) (Claims, error) {
	claims, err := s.tokens.parse(accessToken)
	if err != nil {
		return Claims{}, ErrInvalidToken.With(err)
	}
	c, err := s.live.lookup(ctx, claims.SID)
	if err != nil {
		return Claims{}, tokenFailure(err)
	}
	if !c.live || c.accountID != claims.AccountID {
		return Claims{}, ErrInvalidToken.With(errEnded)
	}
	return claims, nil
}

// Logout ends the sign-in of the claims or, with everywhere, all of the account's:
// access tokens, refresh chains and, through OnRevoked, sockets. internal.
func (s *Service) Logout(ctx context.Context, who Claims, everywhere bool) error {
	sids, now := []string{who.SID}, milliseconds(time.Now())
	var err error
	if everywhere {
		sids, err = s.store.RevokeAll(ctx, s.game, who.AccountID, now)
	} else {
		err = s.store.Revoke(ctx, s.game, who.SID, now)
	}
	if err != nil {
		return failure(err)
	}
	s.revoked(ctx, who.AccountID, sids...)
	return nil
}

// Account returns an account of this game with its identities.
// account_not_found, internal.
func (s *Service) Account(ctx context.Context, id string) (store.Account, error) {
	a, err := s.store.Account(ctx, s.game, id)
	if err != nil {
		return store.Account{}, failure(err)
	}
	return a, nil
}

// Caller returns the account of who calls the rules of a game, from memory if it
// was asked for lately. It is as fresh as Account's, but for what other nodes do:
// their changes are seen within a minute. Do not change what its slices and maps
// hold: others have them too. Called by transport for every call. account_not_found,
// internal.
func (s *Service) Caller(ctx context.Context, id string) (store.Account, error) {
	a, err := s.store.recent(ctx, id)
	if err != nil {
		return store.Account{}, failure(err)
	}
	return a, nil
}

// Rename gives the account another username, under the same rules as sign-in.
// username_required, username_invalid, account_not_found, internal.
func (s *Service) Rename(ctx context.Context, id, username string) (store.Account, error) {
	name, err := checkName(username)
	if err != nil {
		return store.Account{}, err
	}
	a, err := s.store.Rename(ctx, s.game, id, name)
	if err != nil {
		return store.Account{}, failure(err)
	}
	return a, nil
}

// Erase deletes the account and what is stored of the person, and ends all of its
// sign-ins. account_not_found, internal.
func (s *Service) Erase(ctx context.Context, id string) error {
	sids, err := s.store.Erase(ctx, s.game, id)
	if err != nil {
		return failure(err)
	}
	s.revoked(ctx, id, sids...)
	return nil
}
