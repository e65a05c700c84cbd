package identity

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/store"
)

// Session is what a sign-in or a refresh answers with. It holds secrets.
type Session struct {
	AccessToken, RefreshToken string
	// ExpiresAt is when AccessToken ends, in milliseconds since 1970.
	ExpiresAt int64
	Account   store.Account
	// SID is the sign-in that both tokens belong to.
	SID string
	// Created says that this sign-in made the account.
	Created bool
}

// SignIn lets a provider check the fields, finds or makes the account and begins
// a chain of refresh tokens, saved when it returns. Called by transport for
// POST /auth/{provider}; remoteAddr is the player's address without a port.
// provider_unknown, what the provider answers, internal.
func (s *Service) SignIn(ctx context.Context, provider string, fields map[string]any, remoteAddr string) (Session, error) {
	who, err := s.ask(ctx, provider, fields, remoteAddr)
	if err != nil {
		return Session{}, err
	}
	rename := ""
	if provider == AnonymousName {
		rename = who.Username // the player chose it just now
	}
	now := milliseconds(time.Now())
	sid, err := uuid.NewV7()
	if err != nil {
		return Session{}, fault.From(err)
	}
	accountID, err := uuid.NewRandom()
	if err != nil {
		return Session{}, fault.From(err)
	}
	token := newRefreshToken(sid)
	mark := s.live.mark()
	account, created, err := s.store.SignIn(ctx,
		store.Account{ID: accountID.String(), Game: s.game, Username: who.Username, CreatedAt: now},
		who.stored(now),
		rename,
		store.SignIn{ID: sid.String(), Game: s.game, RefreshHash: token.hash(), CreatedAt: now, ExpiresAt: now.Add(s.refreshTTL)})
	if err != nil {
		return Session{}, fault.From(err)
	}
	s.live.keep(sid.String(), chain{accountID: account.ID, live: true, checked: now}, mark)
	if created && s.onCreated != nil {
		// The account is there whether or not the player waits for the answer.
		s.onCreated(context.WithoutCancel(ctx), account, account.Identities[0])
	}
	session, err := s.session(account, token, now)
	session.Created = created
	return session, err
}

// Refresh exchanges a refresh token for a new pair. The old one is dead when it
// returns; whoever uses it again ends the whole chain. Called by transport for
// POST /auth/refresh. invalid_token, internal.
func (s *Service) Refresh(ctx context.Context, refreshToken string) (Session, error) {
	old, ok := parseRefreshToken(refreshToken)
	if !ok {
		return Session{}, ErrInvalidToken
	}
	sid := old.sid.String()
	begun, err := s.store.SignInByID(ctx, s.game, sid)
	if err != nil {
		return Session{}, tokenFailure(err)
	}
	account, err := s.store.Account(ctx, s.game, begun.AccountID)
	if err != nil {
		return Session{}, tokenFailure(err)
	}
	// All that can fail comes before the rotation: after it the old token is dead,
	// and an error would leave the player with none.
	now, next := milliseconds(time.Now()), newRefreshToken(old.sid)
	session, err := s.session(account, next, now)
	if err != nil {
		return Session{}, err
	}
	_, err = s.store.Rotate(ctx, s.game, sid, old.hash(), next.hash(), now, now.Add(s.refreshTTL))
	if errors.Is(err, store.ErrSpent) {
		s.logger.Warn("spent refresh token used again: sign-in ended", zap.String("account", account.ID), zap.String("sid", sid))
		s.revoked(ctx, account.ID, sid)
	}
	if err != nil {
		return Session{}, tokenFailure(err)
	}
	return session, nil
}

// session signs the access token that goes with a refresh token.
func (s *Service) session(account store.Account, token refreshToken, now time.Time) (Session, error) {
	sid, expires := token.sid.String(), now.Add(s.accessTTL).Truncate(time.Second)
	access, err := s.tokens.sign(account.ID, sid, now, expires)
	if err != nil {
		return Session{}, fault.From(err)
	}
	return Session{
		AccessToken:  access,
		RefreshToken: token.encode(),
		ExpiresAt:    expires.UnixMilli(),
		Account:      account,
		SID:          sid,
	}, nil
}

// tokenFailure turns an error of the store into what the bearer of a token gets.
func tokenFailure(err error) error {
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrSpent) || errors.Is(err, store.ErrRevoked) {
		return ErrInvalidToken.With(err)
	}
	return fault.From(err)
}

// milliseconds is the precision of the store, so that what is answered now and
// what is read later are equal.
func milliseconds(t time.Time) time.Time { return t.Truncate(time.Millisecond).UTC() }
