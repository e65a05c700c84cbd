package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/muster-gg/muster/core/store"
)

// linking is a bench whose provider "discord" takes any token for a person's id.
func linking(t *testing.T, with ...func(*Options)) *bench {
	t.Helper()
	return newBench(t, openStore(t), append(with, func(o *Options) {
		o.Providers["discord"] = providerFunc(func(_ context.Context, r *Request) (*Identity, error) {
			token, _ := r.Fields["token"].(string)
			if token == "" {
				return nil, ErrProviderRefused.About("no")
			}
			return &Identity{Subject: token, Username: "D " + token, Vars: map[string]string{"from": r.RemoteAddress}}, nil
		})
	})...)
}

func providers(a store.Account) string {
	var names []string
	for _, i := range a.Identities {
		names = append(names, i.Provider)
	}
	return strings.Join(names, " ")
}

func person(id string) map[string]any { return map[string]any{"token": id} }

func TestLink(t *testing.T) {
	b := linking(t)
	s := b.in("Ann", device)
	a, err := b.Link(t.Context(), s.Account.ID, "discord", person("d1"), "192.0.2.1")
	if err != nil || providers(a) != "anonymous discord" || a.Username != "Ann" {
		t.Fatalf("got %+v, %v", a, err)
	}
	if i := a.Identities[1]; i.Subject != "d1" || i.Username != "D d1" || i.LinkedAt.IsZero() || i.Vars["from"] != "192.0.2.1" {
		t.Errorf("identity %+v", i)
	}
	back, err := b.SignIn(t.Context(), "discord", person("d1"), "")
	if err != nil || back.Account.ID != a.ID || back.Created || back.Account.Username != "Ann" {
		t.Errorf("got %+v, %v", back.Account, err)
	}
	again, err := b.Link(t.Context(), a.ID, "discord", person("d1"), "")
	if err != nil || providers(again) != "anonymous discord" {
		t.Errorf("linked twice: %+v, %v", again, err)
	}
	b.valid(s)
	b.told()
}

func TestLinkRefuses(t *testing.T) {
	b := linking(t)
	s, other := b.in("Ann", device), b.in("Bob", "")
	if _, err := b.Link(t.Context(), other.Account.ID, "discord", person("bob's"), ""); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, account, provider string
		fields                  map[string]any
		want                    string
	}{
		{"another's", s.Account.ID, "discord", person("bob's"), "identity_taken"},
		{"another's device", other.Account.ID, "anonymous", map[string]any{"deviceId": device}, "identity_taken"},
		{"no proof", s.Account.ID, "discord", nil, "provider_refused"},
		{"no such provider", s.Account.ID, "steam", nil, "provider_unknown"},
		{"nobody", "nobody", "discord", person("x"), "account_not_found"},
		{"no device", s.Account.ID, "anonymous", map[string]any{"username": "Ann"}, "invalid_field"},
		{"a short device", s.Account.ID, "anonymous", map[string]any{"deviceId": "short"}, "invalid_field"},
		{"a bad name", s.Account.ID, "anonymous", map[string]any{"deviceId": device + "x", "username": "\x00"}, "username_invalid"},
	} {
		if a, err := b.Link(t.Context(), c.account, c.provider, c.fields, ""); code(err) != c.want || a.ID != "" {
			t.Errorf("%s: %+v, %v, want %s", c.name, a, err, c.want)
		}
	}
	if a, err := b.Account(t.Context(), s.Account.ID); err != nil || providers(a) != "anonymous" {
		t.Errorf("got %+v, %v", a, err)
	}
}

// A second device of a player.
func TestLinkDevice(t *testing.T) {
	b := linking(t)
	first, err := b.SignIn(t.Context(), "discord", person("d1"), "")
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]any{"deviceId": device}
	a, err := b.Link(t.Context(), first.Account.ID, AnonymousName, fields, "")
	if err != nil || providers(a) != "discord anonymous" || a.Username != "D d1" || len(fields) != 1 {
		t.Fatalf("got %+v, %v", a, err)
	}
	if s := b.in("Renamed", device); s.Account.ID != a.ID || s.Account.Username != "Renamed" {
		t.Errorf("got %+v", s.Account)
	}
}

func TestLinkAtMost(t *testing.T) {
	b := linking(t)
	s := b.in("Ann", device)
	for i := range maxIdentities - 1 {
		if _, err := b.Link(t.Context(), s.Account.ID, "discord", person(fmt.Sprint(i)), ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Link(t.Context(), s.Account.ID, "discord", person("one more"), ""); code(err) != "invalid_field" {
		t.Errorf("got %v, want invalid_field", err)
	}
	if a, err := b.Link(t.Context(), s.Account.ID, "discord", person("0"), ""); err != nil || len(a.Identities) != maxIdentities {
		t.Errorf("one that is linked: %d, %v", len(a.Identities), err)
	}
}

func TestUnlink(t *testing.T) {
	b := linking(t)
	s := b.in("Ann", device)
	if _, err := b.Unlink(t.Context(), s.Account.ID, AnonymousName); code(err) != "last_identity" {
		t.Errorf("got %v, want last_identity", err)
	}
	for provider, want := range map[string]string{"discord": "not_found", "steam": "provider_unknown"} {
		if _, err := b.Unlink(t.Context(), s.Account.ID, provider); code(err) != want {
			t.Errorf("%s: %v, want %s", provider, err, want)
		}
	}
	if _, err := b.Unlink(t.Context(), "nobody", "discord"); code(err) != "account_not_found" {
		t.Errorf("got %v", err)
	}
	if _, err := b.Link(t.Context(), s.Account.ID, "discord", person("d1"), ""); err != nil {
		t.Fatal(err)
	}
	a, err := b.Unlink(t.Context(), s.Account.ID, AnonymousName)
	if err != nil || providers(a) != "discord" {
		t.Fatalf("got %+v, %v", a, err)
	}
	if _, err := b.Unlink(t.Context(), s.Account.ID, "discord"); code(err) != "last_identity" {
		t.Errorf("got %v, want last_identity", err)
	}
	b.valid(s) // it has not ended
	if fresh := b.in("Ann", device); !fresh.Created || fresh.Account.ID == a.ID {
		t.Error("the unlinked device still leads to the account")
	}
	// Providers that the game has no more can be unlinked.
	if _, err := b.Link(t.Context(), a.ID, AnonymousName, map[string]any{"deviceId": device + "x"}, ""); err != nil {
		t.Fatal(err)
	}
	delete(b.providers, "discord")
	if a, err := b.Unlink(t.Context(), a.ID, "discord"); err != nil || providers(a) != "anonymous" {
		t.Errorf("got %+v, %v", a, err)
	}
}

// Two accounts link one identity at once: one of them has it.
func TestLinkAtOnce(t *testing.T) {
	b := linking(t)
	var errs [8]error
	var wg sync.WaitGroup
	for i := range errs {
		id := b.in("Ann", "").Account.ID
		wg.Go(func() { _, errs[i] = b.Link(t.Context(), id, "discord", person("d1"), "") })
	}
	wg.Wait()
	linked := 0
	for _, err := range errs {
		if err == nil {
			linked++
		} else if !errors.Is(err, ErrIdentityTaken) {
			t.Errorf("got %v", err)
		}
	}
	if linked != 1 {
		t.Errorf("%d accounts have it", linked)
	}
}

func TestOnCreated(t *testing.T) {
	var made []string
	b := linking(t, func(o *Options) {
		o.OnCreated = func(ctx context.Context, a store.Account, i store.Identity) {
			if ctx.Err() != nil {
				t.Error("its context has ended")
			}
			made = append(made, a.Username+" "+i.Provider)
		}
	})
	b.in("Ann", device)
	b.in("Ann", device)
	for range 2 {
		if _, err := b.SignIn(t.Context(), "discord", person("d1"), ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.SignIn(t.Context(), "discord", nil, ""); err == nil {
		t.Fatal("signed in without a proof")
	}
	if got := strings.Join(made, ", "); got != "Ann anonymous, D d1 discord" {
		t.Errorf("told of %s", got)
	}
}
