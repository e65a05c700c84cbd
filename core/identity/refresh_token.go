package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/google/uuid"
)

// A refresh token is "mr1_" and 48 bytes as base64url without padding: the id of
// the sign-in (16 bytes of a UUID) and 32 random bytes. The store keeps the
// SHA-256 of the random part only.
const (
	refreshPrefix = "mr1_"
	refreshLength = len(refreshPrefix) + 64
)

// refreshToken is one decoded; it holds a secret.
type refreshToken struct {
	sid    uuid.UUID
	secret [32]byte
}

func newRefreshToken(sid uuid.UUID) refreshToken {
	t := refreshToken{sid: sid}
	rand.Read(t.secret[:])
	return t
}

func (t refreshToken) encode() string {
	return refreshPrefix + base64.RawURLEncoding.EncodeToString(append(t.sid[:], t.secret[:]...))
}

func (t refreshToken) hash() [32]byte { return sha256.Sum256(t.secret[:]) }

func parseRefreshToken(text string) (refreshToken, bool) {
	var t refreshToken
	rest, ok := strings.CutPrefix(text, refreshPrefix)
	if !ok || len(text) != refreshLength {
		return t, false
	}
	b, err := base64.RawURLEncoding.DecodeString(rest)
	if err != nil || len(b) != len(t.sid)+len(t.secret) { // the decoder skips line ends
		return t, false
	}
	copy(t.sid[:], b)
	copy(t.secret[:], b[len(t.sid):])
	return t, true
}
