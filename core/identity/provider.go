package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/store"
)

// Request is what a player sent to sign in.
type Request struct {
	// Game and Provider say where; Provider is the name in the address.
	Game, Provider string
	// Fields is the decoded JSON body (strings, float64, bool, nil, maps, slices).
	// It may hold secrets: never log it.
	Fields map[string]any
	// RemoteAddress is the player's address, without a port.
	RemoteAddress string
}

// Identity is who a provider says the player is.
type Identity struct {
	// Provider may be empty; anything but the requested provider is refused.
	Provider string
	// Subject is the player's stable id at the provider, 1–128 characters.
	Subject string
	// Username is the name there. What a username here may not hold is taken out.
	Username string
	// AvatarURL is the full http(s) address of a picture, or empty.
	AvatarURL string
	// Vars are kept with the identity: up to 32 keys of 1–64 characters and 4 KiB of JSON.
	Vars map[string]string
}

// stored is the identity as an account keeps it.
func (i Identity) stored(at time.Time) store.Identity {
	return store.Identity{
		Provider: i.Provider, Subject: i.Subject, Username: i.Username, AvatarURL: i.AvatarURL, Vars: i.Vars, LinkedAt: at,
	}
}

// Provider checks one kind of credential. Authenticate is called from the
// goroutine of the request, any number at once. A *fault.Error is passed on to
// the player; any other error is told as provider_unavailable and logged.
type Provider interface {
	Authenticate(ctx context.Context, r *Request) (*Identity, error)
}

const (
	maxSubject  = 128
	maxAvatar   = 2048
	maxName     = 32
	maxVars     = 32
	maxVarName  = 64
	maxVarBytes = 4 << 10
)

// ask is authenticate, with a failure of the provider noted in the log.
func (s *Service) ask(ctx context.Context, provider string, fields map[string]any, remoteAddr string) (Identity, error) {
	who, err := s.authenticate(ctx, &Request{Game: s.game, Provider: provider, Fields: fields, RemoteAddress: remoteAddr})
	if errors.Is(err, ErrProviderUnavailable) || errors.Is(err, ErrProviderUnreachable) {
		s.logger.Warn("sign-in provider failed", zap.String("provider", provider), zap.Error(err))
	}
	return who, err
}

// authenticate asks the provider and checks its answer, which is untrusted.
func (s *Service) authenticate(ctx context.Context, r *Request) (Identity, error) {
	p, ok := s.providers[r.Provider]
	if !ok {
		return Identity{}, ErrProviderUnknown
	}
	got, err := p.Authenticate(ctx, r)
	if err != nil {
		var f *fault.Error
		if errors.As(err, &f) {
			return Identity{}, f
		}
		if ctx.Err() != nil {
			return Identity{}, fault.From(ctx.Err())
		}
		return Identity{}, ErrProviderUnavailable.With(err)
	}
	if got == nil {
		return Identity{}, ErrProviderUnavailable.With(errors.New("identity: provider answered nothing"))
	}
	id := *got
	if id.Provider != "" && id.Provider != r.Provider {
		return Identity{}, ErrProviderUnavailable.With(fmt.Errorf("identity: provider %q answered for %q", r.Provider, id.Provider))
	}
	id.Provider = r.Provider
	if id.Subject == "" || utf8.RuneCountInString(id.Subject) > maxSubject || !utf8.ValidString(id.Subject) {
		return Identity{}, ErrProviderUnavailable.With(fmt.Errorf("identity: provider %q answered a subject that is empty, over %d characters or not text", r.Provider, maxSubject))
	}
	if !validVars(id.Vars) {
		return Identity{}, ErrProviderUnavailable.With(fmt.Errorf("identity: provider %q answered vars that are too large or not text", r.Provider))
	}
	id.Username = tidyName(id.Username)
	id.AvatarURL = tidyAvatar(id.AvatarURL)
	return id, nil
}

func validVars(vars map[string]string) bool {
	for k, v := range vars {
		if k == "" || utf8.RuneCountInString(k) > maxVarName || !utf8.ValidString(k) || !utf8.ValidString(v) {
			return false
		}
	}
	text, err := json.Marshal(vars)
	return err == nil && len(vars) <= maxVars && len(text) <= maxVarBytes
}

// checkName trims a name that a player chose and says what is wrong with it.
func checkName(name string) (string, error) {
	if !utf8.ValidString(name) {
		return "", ErrUsernameInvalid
	}
	name = strings.TrimSpace(name)
	if name == "" {
		return "", ErrUsernameRequired
	}
	if utf8.RuneCountInString(name) > maxName || strings.ContainsFunc(name, unicode.IsControl) {
		return "", ErrUsernameInvalid
	}
	return name, nil
}

// tidyName makes a usable name of one that comes from outside, where the player
// cannot mend it at once.
func tidyName(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, name)
	name = strings.TrimSpace(name)
	if r := []rune(name); len(r) > maxName {
		name = strings.TrimSpace(string(r[:maxName]))
	}
	if name == "" {
		return "Player"
	}
	return name
}

// tidyAvatar drops what a page should not load as a picture.
func tidyAvatar(address string) string {
	if address == "" || len(address) > maxAvatar || strings.ContainsFunc(address, unicode.IsControl) {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	return address
}
