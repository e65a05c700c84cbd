package hooks

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"unicode/utf8"

	"github.com/muster-gg/muster/sdk/hook"
)

// Limits of an identity; those of a username here only keep it in bounds.
const (
	maxSubject  = 128
	maxUsername = 256 // bytes
	maxAvatar   = 2048
	maxVars     = 32
	maxVarBytes = 4 << 10
	maxVarName  = 64
)

// Authenticate asks the authenticate deciders that serve the request's provider
// and returns the first identity, its provider filled in. Errors are those of
// BeforeLobbyCreate, and ErrUnknownProvider when none serves that provider. The
// cause of ErrRefused is the hook's refusal, that of ErrFailed the hook's error
// (see hook.IsUnreachable).
func (r *Runner) Authenticate(ctx context.Context, request *hook.AuthRequest) (*hook.Identity, error) {
	s, err := r.enter(ctx, hook.PointAuthenticate)
	if s == nil {
		if err == nil {
			err = ErrUnknownProvider
		}
		return nil, err
	}
	defer s.users.out()
	provider := request.GetProvider()
	var last *failure
	for _, h := range s.points[hook.PointAuthenticate] {
		if !slices.Contains(h.Providers, provider) {
			continue
		}
		impl, given := h.Impl.(hook.Authenticator), own(h, request)
		v := (&job[*hook.Identity]{
			r: r, h: h, users: &s.users,
			call: func(ctx context.Context) (*hook.Identity, error) {
				id, err := impl.Authenticate(ctx, given)
				return taken(h, id), err
			},
			check: func(id *hook.Identity) *failure { return checkIdentity(id, provider) },
		}).ask(ctx)
		if v.err != nil {
			return nil, v.err
		}
		if v.value != nil {
			v.value.Provider = provider
			return v.value, nil
		}
		if last = v.failed; last == nil {
			last = &failure{code: codeNoAnswer}
		}
		if v.builtin {
			break // there is no built-in sign-in of that name
		}
	}
	if last == nil {
		return nil, ErrUnknownProvider
	}
	return nil, last.fault()
}

func checkIdentity(id *hook.Identity, provider string) *failure {
	if id == nil {
		return nil
	}
	if p := id.GetProvider(); p != "" && p != provider {
		return broken("bad_provider", "%.64q for %q", p, provider)
	}
	if id.GetSubject() == "" {
		return broken("no_subject", "a subject has 1 to %d characters", maxSubject)
	}
	if f := checkText("subject", id.GetSubject(), maxSubject); f != nil {
		return f
	}
	if name := id.GetUsername(); len(name) > maxUsername || !utf8.ValidString(name) {
		return broken("bad_username", "it has over %d bytes or is not UTF-8", maxUsername)
	}
	if f := checkAvatar(id.GetAvatarUrl()); f != nil {
		return f
	}
	return checkVars(id.GetVars())
}

func checkAvatar(address string) *failure {
	if address == "" {
		return nil
	}
	if f := checkText("avatar_url", address, maxAvatar); f != nil {
		return f
	}
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host == "" {
		return broken("bad_avatar", "%.64q is no https address", address)
	}
	return nil
}

func checkVars(vars map[string]string) *failure {
	if len(vars) > maxVars {
		return broken("too_many", "vars has %d keys", len(vars))
	}
	for k, v := range vars {
		if k == "" {
			return broken("bad_key", "vars has an empty key")
		}
		if f := checkText("a key of vars", k, maxVarName); f != nil {
			return f
		}
		if !utf8.ValidString(v) {
			return broken("bad_text", "vars: %q is not UTF-8", k)
		}
	}
	if data, err := json.Marshal(vars); err != nil || len(data) > maxVarBytes {
		return broken(codeTooLarge, "vars has over %d bytes", maxVarBytes)
	}
	return nil
}
