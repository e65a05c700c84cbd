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
	if errors.Is(err, identity.ErrAccountNotFound) {
		return a, errInvalidToken.With(err)
	}
	if err != nil {
		return a, fault.From(err)
	}
	return a, nil
}
