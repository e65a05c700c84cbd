package hooks_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/sdk/hook"
)

// provider is a hook that authenticates for providers.
func provider(name string, answer func() (*hook.Identity, error), providers ...string) hooks.Hook {
	h := hookOf(name, rules{auth: func(_ context.Context, r *hook.AuthRequest) (*hook.Identity, error) {
		clear(r.Fields)
		return answer()
	}})
	h.Providers = providers
	return h
}

func identified(subject string) func() (*hook.Identity, error) {
	return func() (*hook.Identity, error) { return &hook.Identity{Subject: subject}, nil }
}

func TestTheFirstHookOfAProviderThatAnswersSaysWhoThatIs(t *testing.T) {
	silent := func() (*hook.Identity, error) { return &hook.Identity{}, nil } // nothing set: no answer
	fails := func() (*hook.Identity, error) { return nil, errHook }
	never := func() (*hook.Identity, error) { t.Error("asked"); return nil, errHook }
	r := run(t, provider("other", never, "steam"), provider("silent", silent, "discord"),
		policy(provider("fails", fails, "discord"), hook.FailAllow), provider("good", identified("42"), "discord", "other"),
		provider("late", never, "discord"))
	request := &hook.AuthRequest{Provider: "discord", Fields: values{"discordToken": text("secret")}}
	id, err := r.Authenticate(t.Context(), request)
	if err != nil || id.Subject != "42" || id.Provider != "discord" || len(request.Fields) != 1 {
		t.Errorf("%v %v", id, err)
	}
	for name, r := range map[string]*hooks.Runner{"nil": nil, "none": run(t), "another": r} {
		if _, err := r.Authenticate(t.Context(), &hook.AuthRequest{Provider: "google"}); !errors.Is(err, hooks.ErrUnknownProvider) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for code, h := range map[string]hooks.Hook{
		"no_answer": provider("silent", silent, "discord"), "error: database on fire": policy(provider("fails", fails, "discord"), hook.FailAllow),
		"error": policy(provider("fails", fails, "discord"), hook.FailBuiltin),
	} {
		_, err := run(t, h).Authenticate(t.Context(), request)
		if !errors.Is(err, hooks.ErrFailed) || !strings.Contains(err.Error(), code) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

func TestWhatASignInFailsWith(t *testing.T) {
	down := &hostDown{}
	for name, c := range map[string]struct {
		with        error
		want        error
		unreachable bool
		invalid     bool
	}{
		"refused":     {hook.Refuse("wrong application", nil), hooks.ErrRefused, false, false},
		"invalid":     {fmt.Errorf("wrapped: %w", hook.Invalid("Discord token required")), hooks.ErrRefused, false, true},
		"unreachable": {hook.Unreachable(errHook), hooks.ErrFailed, true, false},
		"failed":      {errHook, hooks.ErrFailed, false, false},
		"timeout":     {context.DeadlineExceeded, hooks.ErrTimeout, false, false},
		"slow":        {hook.Unreachable(context.DeadlineExceeded), hooks.ErrTimeout, true, false},
		"down":        {fmt.Errorf("call: %w", down), hooks.ErrUnavailable, false, false},
	} {
		r := run(t, provider("h", func() (*hook.Identity, error) { return nil, c.with }, "discord"))
		_, err := r.Authenticate(t.Context(), &hook.AuthRequest{Provider: "discord"})
		refusal, refused := hook.AsRefusal(err)
		if !errors.Is(err, c.want) || hook.IsUnreachable(err) != c.unreachable || refused != (c.want == hooks.ErrRefused) || refusal.GetInvalid() != c.invalid {
			t.Errorf("%s: %v", name, err)
		}
		if refused && asFault(t, err).Text != refusal.GetReason() {
			t.Errorf("%s: told %q", name, asFault(t, err).Text)
		}
	}
}

// hostDown is how a host says that it could not even begin.
type hostDown struct{}

func (*hostDown) Error() string     { return "the plugin is not running" }
func (*hostDown) Unavailable() bool { return true }

func TestIdentitiesAreChecked(t *testing.T) {
	few := map[string]string{}
	for i := range 33 {
		few[fmt.Sprint(i)] = "v"
	}
	for code, id := range map[string]*hook.Identity{
		"bad_provider":            {Subject: "1", Provider: "steam"},
		"no_subject":              {Username: "Pia"},
		"too_long: subject":       {Subject: strings.Repeat("s", 129)},
		"bad_text: subject":       {Subject: "a\x00"},
		"bad_username":            {Subject: "1", Username: strings.Repeat("u", 257)},
		"bad_username: it":        {Subject: "1", Username: "\xff"},
		"bad_avatar":              {Subject: "1", AvatarUrl: "http://cdn.example/1.png"},
		"bad_avatar: \"data":      {Subject: "1", AvatarUrl: "data:text/html,x"},
		"bad_avatar: \"https":     {Subject: "1", AvatarUrl: "https://"},
		"too_long: avatar_url":    {Subject: "1", AvatarUrl: "https://e.example/" + strings.Repeat("a", 2048)},
		"bad_text: avatar_url":    {Subject: "1", AvatarUrl: "https://e.example/\n"},
		"too_many: vars":          {Subject: "1", Vars: few},
		"bad_key":                 {Subject: "1", Vars: map[string]string{"": "x"}},
		"too_long: a key of vars": {Subject: "1", Vars: map[string]string{strings.Repeat("k", 65): ""}},
		"too_large: vars":         {Subject: "1", Vars: map[string]string{"k": strings.Repeat("\n", 3<<10)}},
		"bad_text: vars":          {Subject: "1", Vars: map[string]string{"k": "\xc0"}},
	} {
		r := run(t, provider("h", func() (*hook.Identity, error) { return id, nil }, "discord"))
		_, err := r.Authenticate(t.Context(), &hook.AuthRequest{Provider: "discord"})
		fails(t, "identity", code, err)
	}
	good := &hook.Identity{
		Subject: strings.Repeat("ä", 128), Username: " any\ntext ", AvatarUrl: "https://cdn.example/1.png", Provider: "discord",
		Vars: map[string]string{"locale": "de\n"},
	}
	r := run(t, provider("h", func() (*hook.Identity, error) { return good, nil }, "discord"))
	if id, err := r.Authenticate(t.Context(), &hook.AuthRequest{Provider: "discord"}); err != nil || id.Subject != good.Subject || id.Username != good.Username || id.Vars["locale"] != "de\n" {
		t.Errorf("%v %v", id, err)
	}
}

// FuzzIdentity hands any bytes over as an identity.
func FuzzIdentity(f *testing.F) {
	f.Add("1", "discord", "Pia", "https://cdn.example/1.png", "k", "v")
	f.Fuzz(func(t *testing.T, subject, name, username, avatar, key, value string) {
		answer := &hook.Identity{Subject: subject, Provider: name, Username: username, AvatarUrl: avatar, Vars: map[string]string{key: value}}
		r := run(t, provider("h", func() (*hook.Identity, error) { return answer, nil }, "discord"))
		id, err := r.Authenticate(t.Context(), &hook.AuthRequest{Provider: "discord"})
		if err != nil {
			return
		}
		vars, err := json.Marshal(id.Vars)
		if id.Subject == "" || len([]rune(id.Subject)) > 128 || id.Provider != "discord" || len(id.Username) > 256 || len(vars) > 4<<10 || err != nil ||
			id.AvatarUrl != "" && !strings.HasPrefix(strings.ToLower(id.AvatarUrl), "https:") {
			t.Errorf("%v passes", id)
		}
	})
}
