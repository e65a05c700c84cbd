package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"unicode/utf8"
)

// AnonymousName is the name under which Anonymous serves.
const AnonymousName = "anonymous"

// Anonymous is the built-in provider: a username and nothing to prove. Its fields:
//
//	username  required; trimmed, 1–32 characters, no control characters
//	deviceId  optional, 16–128 characters: a secret of the device, which returns
//	          the same account next time. Without it every sign-in is a new account.
//
// The device's secret is never stored, only its hash, which differs between games.
type Anonymous struct{}

var _ Provider = Anonymous{}

const (
	minDevice = 16
	maxDevice = 128
)

// Authenticate implements Provider. username_required, username_invalid, invalid_field.
func (Anonymous) Authenticate(_ context.Context, r *Request) (*Identity, error) {
	var name string
	switch v := r.Fields["username"].(type) {
	case nil:
		return nil, ErrUsernameRequired
	case string:
		var err error
		if name, err = checkName(v); err != nil {
			return nil, err
		}
	default:
		return nil, ErrUsernameInvalid
	}
	subject, err := deviceSubject(r.Game, r.Fields["deviceId"])
	if err != nil {
		return nil, err
	}
	return &Identity{Provider: r.Provider, Subject: subject, Username: name}, nil
}

// deviceSubject is a hash of the device's secret, or random without one. The two
// have prefixes, so that no device id can be made to hit a random subject.
func deviceSubject(game string, field any) (string, error) {
	if field == nil {
		var b [24]byte
		rand.Read(b[:])
		return "once:" + base64.RawURLEncoding.EncodeToString(b[:]), nil
	}
	device, ok := field.(string)
	if n := utf8.RuneCountInString(device); !ok || !utf8.ValidString(device) || n < minDevice || n > maxDevice {
		return "", ErrInvalidField.About("deviceId must be a text of %d to %d characters", minDevice, maxDevice)
	}
	h := sha256.New()
	writeParts(h, "muster device", game, device)
	return "device:" + base64.RawURLEncoding.EncodeToString(h.Sum(nil)), nil
}
