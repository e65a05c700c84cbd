package identity

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/sdk/hook"
)

// signer is a hook that signs people in.
type signer func(ctx context.Context, r *hook.AuthRequest) (*hook.Identity, error)

func (f signer) Authenticate(ctx context.Context, r *hook.AuthRequest) (*hook.Identity, error) {
	return f(ctx, r)
}

// hookedBy is a provider over the real runner of a game's hooks.
func hookedBy(t *testing.T, game string, f signer) Provider {
	t.Helper()
	r, err := hooks.New(hooks.Options{Game: game, Hooks: []hooks.Hook{
		{Name: "signer", Impl: f, Providers: []string{"discord"}, Timeout: 100 * time.Millisecond},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return Hooked(r)
}

// discord knows tokens, as the plugin of that name does.
func discord(known map[string]string) signer {
	return func(_ context.Context, r *hook.AuthRequest) (*hook.Identity, error) {
		token := r.GetFields()["discordToken"].GetStringValue()
		if token == "" {
			return nil, hook.Invalid("Discord token required")
		}
		id, ok := known[token]
		if !ok {
			return nil, hook.Refuse("Invalid Discord token", nil)
		}
		return &hook.Identity{Subject: id, Username: "name of " + id, AvatarUrl: "https://example.com/" + id, Vars: map[string]string{"locale": "fr"}}, nil
	}
}

func TestHookedErrors(t *testing.T) {
	var fails error
	b := newBench(t, openStore(t))
	b.providers["discord"] = hookedBy(t, "arena", func(context.Context, *hook.AuthRequest) (*hook.Identity, error) { return nil, fails })
	b.providers["steam"] = b.providers["discord"] // for which the hook does not authenticate
	private := errors.New("private cause")
	for _, c := range []struct {
		name, provider string
		fails          error
		code, text     string
		logged         bool
	}{
		{"malformed", "discord", hook.Invalid("Discord token required"), "invalid_field", "Discord token required", false},
		{"refused", "discord", hook.Refuse("Invalid Discord token", nil), "provider_refused", "Invalid Discord token", false},
		{"unreachable", "discord", hook.Unreachable(private), "provider_unreachable", ErrProviderUnreachable.Text, true},
		{"failed", "discord", private, "provider_unavailable", ErrProviderUnavailable.Text, true},
		{"nothing", "discord", nil, "provider_unavailable", ErrProviderUnavailable.Text, true},
		{"nobody's", "steam", nil, "provider_unknown", ErrProviderUnknown.Text, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			fails = c.fails
			b.logs.TakeAll()
			_, err := b.SignIn(t.Context(), c.provider, map[string]any{}, "")
			if f := fault.From(err); code(err) != c.code || f.Text != c.text {
				t.Fatalf("got %v, want %s %q", err, c.code, c.text)
			}
			if got := b.logs.Len() > 0; got != c.logged {
				t.Errorf("logged: %v, want %v", got, c.logged)
			}
		})
	}
}

func TestHookedGone(t *testing.T) {
	b := newBench(t, openStore(t))
	b.providers["discord"] = hookedBy(t, "arena", func(ctx context.Context, _ *hook.AuthRequest) (*hook.Identity, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	if _, err := b.SignIn(t.Context(), "discord", nil, ""); code(err) != "provider_unavailable" {
		t.Errorf("deadline: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.SignIn(ctx, "discord", nil, ""); code(err) != "try_again" {
		t.Errorf("the player went away: %v", err)
	}
}

func TestHookedRequestAndIdentity(t *testing.T) {
	b := newBench(t, openStore(t))
	var asked *hook.AuthRequest
	known := discord(map[string]string{"good": "d1"})
	b.providers["discord"] = hookedBy(t, "arena", func(ctx context.Context, r *hook.AuthRequest) (*hook.Identity, error) {
		asked = r
		return known(ctx, r)
	})
	s, err := b.SignIn(t.Context(), "discord", map[string]any{"discordToken": "good", "n": 1.5, "list": []any{true, nil, map[string]any{"k": "v"}}}, "192.0.2.7")
	if err != nil {
		t.Fatal(err)
	}
	if f := asked.GetFields(); asked.GetGame() != "arena" || asked.GetProvider() != "discord" || asked.GetRemoteAddress() != "192.0.2.7" ||
		f["n"].GetNumberValue() != 1.5 || f["list"].GetListValue().GetValues()[2].GetStructValue().GetFields()["k"].GetStringValue() != "v" {
		t.Errorf("asked with %v", asked)
	}
	a, err := b.Account(t.Context(), s.Account.ID)
	if err != nil || a.Username != "name of d1" || len(a.Identities) != 1 {
		t.Fatalf("got %+v, %v", a, err)
	}
	if i := a.Identities[0]; i.Provider != "discord" || i.Subject != "d1" || i.AvatarURL != "https://example.com/d1" || i.Vars["locale"] != "fr" {
		t.Errorf("identity %+v", i)
	}
	if again, err := b.SignIn(t.Context(), "discord", map[string]any{"discordToken": "good"}, ""); err != nil || again.Created || again.Account.ID != a.ID {
		t.Errorf("got %+v, %v", again.Account, err)
	}
	if _, err := b.SignIn(t.Context(), "discord", map[string]any{"\xff": "x"}, ""); err == nil {
		t.Error("a field that is no text was accepted")
	}
}

// Two games may ask one provider with settings of their own.
func TestTwoGamesOneProvider(t *testing.T) {
	st := openStore(t)
	game := func(name, token string) *bench {
		return newBench(t, st, func(o *Options) {
			o.Game = name
			o.Providers["discord"] = hookedBy(t, name, discord(map[string]string{token: "d1"}))
		})
	}
	arena, hill := game("arena", "of arena"), game("hill", "of hill")
	in := func(b *bench, token string) (Session, error) {
		return b.SignIn(t.Context(), "discord", map[string]any{"discordToken": token}, "")
	}
	a, err := in(arena, "of arena")
	if err != nil {
		t.Fatal(err)
	}
	h, err := in(hill, "of hill")
	if err != nil || h.Account.ID == a.Account.ID || !h.Created {
		t.Fatalf("got %+v, %v", h.Account, err)
	}
	for b, token := range map[*bench]string{arena: "of hill", hill: "of arena"} {
		if _, err := in(b, token); code(err) != "provider_refused" {
			t.Errorf("%s in the other game: %v", token, err)
		}
	}
	arena.valid(a)
	if _, err := hill.Verify(t.Context(), a.AccessToken); code(err) != "invalid_token" {
		t.Errorf("got %v", err)
	}
}

// What a client sends to sign in is secret.
func TestHookedSecretsStay(t *testing.T) {
	b := newBench(t, openStore(t))
	b.providers["discord"] = hookedBy(t, "arena", func(context.Context, *hook.AuthRequest) (*hook.Identity, error) {
		return nil, errors.New("it broke")
	})
	_, err := b.SignIn(t.Context(), "discord", map[string]any{"discordToken": "very-secret"}, "")
	text := err.Error()
	for _, e := range b.logs.All() {
		for k, v := range e.ContextMap() {
			if s, ok := v.(string); ok {
				text += k + s
			}
		}
	}
	if strings.Contains(text, "very-secret") || !strings.Contains(text, "it broke") {
		t.Errorf("told: %s", text)
	}
}
