package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
)

// claims is what a token says. Only names and the picture are read of the rest;
// addresses of e-mail are not even looked at.
type claims struct {
	jwt.RegisteredClaims
	Nonce          string
	NonceSupported *bool
	// Authorized is the client that asked for the token.
	Authorized string

	all map[string]json.RawMessage
}

// UnmarshalJSON reads the claims by their exact names: a provider may let players
// write claims of their own, and "SUB" is not "sub".
func (c *claims) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &c.all); err != nil {
		return err
	}
	for name, into := range map[string]any{
		"iss": &c.Issuer, "sub": &c.Subject, "aud": &c.Audience, "exp": &c.ExpiresAt, "nbf": &c.NotBefore, "iat": &c.IssuedAt,
		"nonce": &c.Nonce, "nonce_supported": &c.NonceSupported, "azp": &c.Authorized,
	} {
		if value, has := c.all[name]; has {
			if err := json.Unmarshal(value, into); err != nil {
				return err
			}
		}
	}
	return nil
}

// text returns the first of the claims that is some text.
func (c *claims) text(names ...string) string {
	for _, name := range names {
		var s string
		if json.Unmarshal(c.all[name], &s) == nil && s != "" {
			return s
		}
	}
	return ""
}

// wrong says why a token is refused. It is for logs, and holds nothing secret.
type wrong string

func (w wrong) Error() string { return string(w) }

// expired says that a token was good once.
const expired = wrong("expired")

// check looks at what a genuine token says; times are checked by then.
func (o *oidc) check(c *claims, nonce string) error {
	ours := func(id string) bool { return slices.Contains(o.ClientIDs, id) }
	switch {
	case !slices.Contains(o.issuers, c.Issuer):
		return wrong(fmt.Sprintf("its issuer is %q", short(c.Issuer)))
	case !slices.ContainsFunc(c.Audience, ours):
		return wrong("it was made for another client")
	case len(c.Audience) > 1 && !ours(c.Authorized):
		return wrong("it has several audiences, and another client asked for it")
	case c.Subject == "" || utf8.RuneCountInString(c.Subject) > maxSubject || strings.ContainsFunc(c.Subject, func(r rune) bool { return !unicode.IsGraphic(r) }):
		return wrong("its subject is empty, too long or no text")
	case nonce != "" && !o.sameNonce(c, nonce):
		return wrong("its nonce is another")
	}
	return nil
}

// sameNonce compares the nonce that was sent with that of the token.
func (o *oidc) sameNonce(c *claims, nonce string) bool {
	if c.Nonce == "" {
		return o.noNonce && c.NonceSupported != nil && !*c.NonceSupported
	}
	sum := sha256.Sum256([]byte(nonce))
	return o.NonceForm != "sha256" && c.Nonce == nonce || o.NonceForm != "plain" && c.Nonce == hex.EncodeToString(sum[:])
}

func short(s string) string {
	if len(s) > 100 {
		s = s[:100]
	}
	return s
}

// reason turns an error of the parser into one that quotes nothing of the token.
func reason(err error) error {
	var w wrong
	switch {
	case errors.As(err, &w):
		return w
	case errors.Is(err, jwt.ErrTokenExpired):
		return expired
	case errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return wrong("it is from the future")
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return wrong("it never expires or has no time of issue")
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return wrong("its signature or algorithm is wrong")
	}
	return wrong("it is malformed")
}
