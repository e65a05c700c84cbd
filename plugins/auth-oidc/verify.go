package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// newParser returns one that accepts the algorithms only, and tokens whose times
// fit the clock.
func newParser(algorithms []string, leeway time.Duration, now func() time.Time) *jwt.Parser {
	return jwt.NewParser(
		jwt.WithValidMethods(algorithms),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(leeway),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(now),
	)
}

// verify checks the signature and the times of a token. Its errors are a wrong, or
// that the provider's keys cannot be had.
func (o *oidc) verify(ctx context.Context, token string) (*claims, error) {
	var c claims
	var failed error
	_, err := o.parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		if err := checkHeader(t.Header); err != nil {
			return nil, err
		}
		kid, _ := t.Header["kid"].(string)
		keys, err := o.keys.find(ctx, kid, t.Method.Alg())
		if failed = err; err != nil {
			return nil, err
		}
		return jwt.VerificationKeySet{Keys: keys}, nil
	})
	var w wrong
	switch {
	case failed != nil && !errors.As(failed, &w):
		return nil, failed
	case err != nil:
		return nil, reason(err)
	case c.IssuedAt == nil:
		return nil, wrong("it has no time of issue")
	}
	return &c, nil
}

// checkHeader refuses what is no plain ID token: an access token that says so, and
// extensions that would have to be understood. Keys in a header are never used.
func checkHeader(h map[string]any) error {
	if kind, has := h["typ"]; has {
		if s, _ := kind.(string); !strings.EqualFold(s, "JWT") {
			return wrong("it is another kind of token")
		}
	}
	if _, has := h["crit"]; has {
		return wrong("its header has critical extensions")
	}
	return nil
}

// answer turns what was wrong with a token into what the client is told.
func (o *oidc) answer(ctx context.Context, err error) error {
	var w wrong
	if !errors.As(err, &w) {
		return err
	}
	if w == expired {
		return errExpired
	}
	o.Log(ctx).Debug("refused an ID token", "why", string(w))
	return errInvalid
}
