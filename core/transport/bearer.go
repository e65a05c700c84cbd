package transport

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/identity"
	"github.com/muster-gg/muster/core/store"
)

// bearer returns the token of an Authorization header, "" without one.
func bearer(h http.Header) string {
	scheme, token, ok := strings.Cut(h.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// authenticate returns who a request comes from. unauthorized without a bearer,
// invalid_token with a bad one.
func (g *game) authenticate(r *http.Request) (identity.Claims, error) {
	token := bearer(r.Header)
	if token == "" {
		return identity.Claims{}, errUnauthorized
	}
	return g.Identity.Verify(r.Context(), token)
}

// account returns the account of valid claims. That there is none any more is
// told as invalid_token.
func (g *game) account(ctx context.Context, who identity.Claims) (store.Account, error) {
	a, err := g.Identity.Account(ctx, who.AccountID)
	return a, ofClaims(err)
}

// caller is account for calls of rules.
func (g *game) caller(ctx context.Context, accountID string) (store.Account, error) {
	a, err := g.Identity.Caller(ctx, accountID)
	return a, ofClaims(err)
}

// ofClaims is the error of a look at the account of valid claims.
func ofClaims(err error) error {
	if errors.Is(err, identity.ErrAccountNotFound) {
		return errInvalidToken.With(err)
	}
	if err != nil {
		return fault.From(err)
	}
	return nil
}
