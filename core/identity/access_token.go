package identity

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Claims is what a valid access token says. Transport hands it on to the rooms
// as "who is asking".
type Claims struct {
	AccountID, Game string
	// SID is the sign-in that the token belongs to.
	SID string
	// ExpiresAt has whole seconds, UTC.
	ExpiresAt time.Time
}

const (
	issuer         = "muster"
	maxAccessToken = 4096
)

// What is wrong with a token, for logs. The library's own errors may quote parts
// of the token, so they are not kept.
var (
	errMalformed = errors.New("identity: access token is malformed")
	errSignature = errors.New("identity: access token has a wrong key or signature")
	errExpired   = errors.New("identity: access token has expired")
	errClaims    = errors.New("identity: access token has other claims than ours")
	errEnded     = errors.New("identity: sign-in has ended")
)

// accessClaims is the payload. AccountID repeats Subject for clients of the
// public template.
type accessClaims struct {
	jwt.RegisteredClaims
	AccountID string `json:"accountId"`
	Game      string `json:"game"`
	SID       string `json:"sid"`
}

// accessTokens signs and checks the JWTs of one game.
type accessTokens struct {
	game, kid string
	key       []byte
	parser    *jwt.Parser
	own       *ownTokens
}

func newAccessTokens(secret []byte, game string) *accessTokens {
	key := DeriveKey(secret, "access token", game)
	id := DeriveKey(key[:], "key id")
	kid := base64.RawURLEncoding.EncodeToString(id[:8])
	return &accessTokens{
		game: game,
		kid:  kid,
		key:  key[:],
		own:  newOwnTokens(game, kid, key[:]),
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
			jwt.WithIssuer(issuer),
			jwt.WithExpirationRequired(),
			jwt.WithStrictDecoding(),
		),
	}
}

func (a *accessTokens) sign(accountID, sid string, now, expires time.Time) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, accessClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    issuer,
			Subject:   accountID,
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(expires),
		},
		AccountID: accountID,
		Game:      a.game,
		SID:       sid,
	})
	t.Header["kid"] = a.kid
	return t.SignedString(a.key)
}

// parse checks all that can be checked without the store.
func (a *accessTokens) parse(text string) (Claims, error) {
	// The decoder would skip line ends: one token, one text.
	if len(text) > maxAccessToken || strings.ContainsAny(text, "\r\n") {
		return Claims{}, errMalformed
	}
	if claims, ok := a.own.read(text); ok && time.Now().Before(claims.ExpiresAt) {
		return claims, nil
	}
	return a.parseAny(text)
}

// parseAny is parse for a token in any form, by the library. It also says what is
// wrong with one.
func (a *accessTokens) parseAny(text string) (Claims, error) {
	var c accessClaims
	_, err := a.parser.ParseWithClaims(text, &c, a.keyFor)
	switch {
	case err == nil:
	case errors.Is(err, jwt.ErrTokenExpired):
		return Claims{}, errExpired
	case errors.Is(err, jwt.ErrTokenInvalidClaims):
		return Claims{}, errClaims
	case errors.Is(err, jwt.ErrTokenSignatureInvalid), errors.Is(err, jwt.ErrTokenUnverifiable):
		return Claims{}, errSignature
	default:
		return Claims{}, errMalformed
	}
	if c.Subject == "" || c.AccountID != c.Subject || c.SID == "" || c.Game != a.game {
		return Claims{}, errClaims
	}
	return Claims{AccountID: c.Subject, Game: c.Game, SID: c.SID, ExpiresAt: c.ExpiresAt.UTC()}, nil
}

func (a *accessTokens) keyFor(t *jwt.Token) (any, error) {
	if kid, _ := t.Header["kid"].(string); kid != a.kid {
		return nil, errSignature
	}
	return a.key, nil
}
