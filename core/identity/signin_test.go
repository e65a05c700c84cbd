package identity

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/store"
)

func TestAnonymousFields(t *testing.T) {
	b := newBench(t, openStore(t))
	emoji := strings.Repeat("🎮", 32)
	for _, c := range []struct {
		name, code, want string
		fields           map[string]any
	}{
		{"plain", "", "Ann", map[string]any{"username": "Ann"}},
		{"trimmed", "", "Ann B", map[string]any{"username": " \t\u00a0Ann B\n "}},
		{"one character", "", "x", map[string]any{"username": "x"}},
		{"32 characters of 4 bytes", "", emoji, map[string]any{"username": emoji}},
		{"other fields are let be", "", "Ann", map[string]any{"username": "Ann", "admin": true, "id": "x"}},
		{"no device", "", "Ann", map[string]any{"username": "Ann", "deviceId": nil}},
		{"device of 16", "", "Ann", map[string]any{"username": "Ann", "deviceId": strings.Repeat("d", 16)}},
		{"device of 128", "", "Ann", map[string]any{"username": "Ann", "deviceId": strings.Repeat("é", 128)}},
		{"nothing", "username_required", "", nil},
		{"null", "username_required", "", map[string]any{"username": nil}},
		{"empty", "username_required", "", map[string]any{"username": ""}},
		{"blank", "username_required", "", map[string]any{"username": " \n "}},
		{"33 characters", "username_invalid", "", map[string]any{"username": strings.Repeat("x", 33)}},
		{"huge", "username_invalid", "", map[string]any{"username": strings.Repeat("x", 60_000)}},
		{"control character", "username_invalid", "", map[string]any{"username": "A\x00nn"}},
		{"line end inside", "username_invalid", "", map[string]any{"username": "A\nnn"}},
		{"delete character", "username_invalid", "", map[string]any{"username": "A\x7f"}},
		{"C1 control", "username_invalid", "", map[string]any{"username": "A\u0085B"}},
		{"not UTF-8", "username_invalid", "", map[string]any{"username": "A\xff"}},
		{"a number", "username_invalid", "", map[string]any{"username": 7.0}},
		{"an object", "username_invalid", "", map[string]any{"username": map[string]any{}}},
		{"device of 15", "invalid_field", "", map[string]any{"username": "Ann", "deviceId": strings.Repeat("d", 15)}},
		{"device of 129", "invalid_field", "", map[string]any{"username": "Ann", "deviceId": strings.Repeat("d", 129)}},
		{"empty device", "invalid_field", "", map[string]any{"username": "Ann", "deviceId": ""}},
		{"device that is no text", "invalid_field", "", map[string]any{"username": "Ann", "deviceId": 1234567890123456.0}},
		{"device not UTF-8", "invalid_field", "", map[string]any{"username": "Ann", "deviceId": strings.Repeat("\xff", 20)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := b.SignIn(t.Context(), AnonymousName, c.fields, "")
			if code(err) != c.code || s.Account.Username != c.want || (s.AccessToken == "") != (c.code != "") {
				t.Fatalf("got %q, %v, want %q, %q", s.Account.Username, err, c.want, c.code)
			}
		})
	}
	_, err := b.SignIn(t.Context(), AnonymousName, nil, "")
	if f := fault.From(err); f.Text != "Username required" {
		t.Errorf("the text is %q", f.Text)
	}
	_, err = b.SignIn(t.Context(), AnonymousName, map[string]any{"username": "Ann", "deviceId": "short"}, "")
	if f := fault.From(err); !strings.Contains(f.Text, "deviceId") || strings.Contains(f.Text, "short") {
		t.Errorf("the text is %q", f.Text)
	}
}

func TestSignInAnswer(t *testing.T) {
	b := newBench(t, openStore(t), func(o *Options) { o.AccessTTL = time.Hour })
	before := time.Now()
	s := b.in("Ann", device)
	if !s.Created || s.Account.ID == "" || s.Account.Game != "arena" || s.SID == "" {
		t.Fatalf("got %+v", s)
	}
	if got := time.UnixMilli(s.ExpiresAt); got.Before(before.Add(time.Hour-time.Second)) || got.After(time.Now().Add(time.Hour)) {
		t.Errorf("ends at %v", got)
	}
	c := b.valid(s)
	if want := (Claims{AccountID: s.Account.ID, Game: "arena", SID: s.SID, ExpiresAt: time.UnixMilli(s.ExpiresAt).UTC()}); c != want {
		t.Errorf("claims %+v, want %+v", c, want)
	}
	kept, err := b.Account(t.Context(), s.Account.ID)
	if err != nil || kept.Username != "Ann" || !kept.CreatedAt.Equal(s.Account.CreatedAt) || !reflect.DeepEqual(kept.Identities, s.Account.Identities) {
		t.Errorf("stored %+v, %v, answered %+v", kept, err, s.Account)
	}
	i := kept.Identities[0]
	if i.Provider != "anonymous" || i.Username != "Ann" || i.LinkedAt.IsZero() || strings.Contains(i.Subject, device) {
		t.Errorf("identity %+v", i)
	}
}

func TestDevices(t *testing.T) {
	s := openStore(t)
	b := newBench(t, s)
	first := b.in("Ann", device)
	again := b.in("Anna", device)
	if again.Account.ID != first.Account.ID || again.Created || again.SID == first.SID || again.RefreshToken == first.RefreshToken {
		t.Fatal("the device did not return to its account with a sign-in of its own")
	}
	if a, err := b.Account(t.Context(), first.Account.ID); err != nil || a.Username != "Anna" || again.Account.Username != "Anna" {
		t.Errorf("not renamed: %+v, %v", a, err)
	}
	if other := b.in("Ann", device+"x"); other.Account.ID == first.Account.ID {
		t.Error("another device got the account")
	}
	if one, two := b.in("Ann", ""), b.in("Ann", ""); one.Account.ID == two.Account.ID {
		t.Error("without a device both got one account")
	}
	// Nobody gets an account by sending what is stored of it.
	if thief := b.in("Thief", first.Account.Identities[0].Subject); thief.Account.ID == first.Account.ID {
		t.Error("the stored subject works as a device id")
	}
	h := newBench(t, s, func(o *Options) { o.Game = "hill" })
	foreign := h.in("Ann", device)
	if foreign.Account.ID == first.Account.ID || foreign.Account.Identities[0].Subject == first.Account.Identities[0].Subject {
		t.Error("two games can tell that it is the same device")
	}
}

func TestSameNewDeviceAtOnce(t *testing.T) {
	b := newBench(t, openStore(t))
	var ids [16]string
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			s, err := b.SignIn(t.Context(), AnonymousName, map[string]any{"username": "Ann", "deviceId": device}, "")
			if err != nil {
				t.Error(err)
			}
			ids[i] = s.Account.ID
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("accounts %v", ids)
		}
	}
}

func manyVars(n int) map[string]string {
	vars := map[string]string{}
	for i := range n {
		vars[fmt.Sprint(i)] = "x"
	}
	return vars
}

type providerFunc func(ctx context.Context, r *Request) (*Identity, error)

func (f providerFunc) Authenticate(ctx context.Context, r *Request) (*Identity, error) {
	return f(ctx, r)
}

func TestProviderAnswers(t *testing.T) {
	var answer *Identity
	var fails error
	var asked *Request
	b := newBench(t, openStore(t), func(o *Options) {
		o.Providers = map[string]Provider{"steam": providerFunc(func(_ context.Context, r *Request) (*Identity, error) {
			asked = r
			return answer, fails
		})}
	})
	for _, c := range []struct {
		name     string
		answer   *Identity
		fails    error
		code     string
		username string
		avatar   string
	}{
		{"good", &Identity{Provider: "steam", Subject: "1", Username: "Ann", AvatarURL: "https://example.com/a.png"}, nil, "", "Ann", "https://example.com/a.png"},
		{"provider left out", &Identity{Subject: "2", Username: "Ann"}, nil, "", "Ann", ""},
		{"name tidied", &Identity{Subject: "3", Username: " \x00A\x1bn\xffn " + strings.Repeat("n", 50)}, nil, "", "Ann " + strings.Repeat("n", 28), ""},
		{"name of nothing", &Identity{Subject: "4", Username: "\x00 \x01"}, nil, "", "Player", ""},
		{"script as avatar", &Identity{Subject: "5", Username: "Ann", AvatarURL: "javascript:alert(1)"}, nil, "", "Ann", ""},
		{"avatar without host", &Identity{Subject: "6", Username: "Ann", AvatarURL: "https:///x"}, nil, "", "Ann", ""},
		{"avatar too long", &Identity{Subject: "7", Username: "Ann", AvatarURL: "https://x/" + strings.Repeat("y", 3000)}, nil, "", "Ann", ""},
		{"avatar that is no address", &Identity{Subject: "8", Username: "Ann", AvatarURL: "https://x/\n%zz"}, nil, "", "Ann", ""},
		{"nothing", nil, nil, "provider_unavailable", "", ""},
		{"no subject", &Identity{Username: "Ann"}, nil, "provider_unavailable", "", ""},
		{"subject of 128", &Identity{Subject: strings.Repeat("é", 128), Username: "Ann"}, nil, "", "Ann", ""},
		{"long subject", &Identity{Subject: strings.Repeat("é", 129)}, nil, "provider_unavailable", "", ""},
		{"vars", &Identity{Subject: "9", Username: "Ann", Vars: map[string]string{strings.Repeat("k", 64): "", "v": strings.Repeat("x", 4000)}}, nil, "", "Ann", ""},
		{"large vars", &Identity{Subject: "9", Vars: map[string]string{"v": strings.Repeat("x", 4<<10)}}, nil, "provider_unavailable", "", ""},
		{"many vars", &Identity{Subject: "9", Vars: manyVars(33)}, nil, "provider_unavailable", "", ""},
		{"a var without a name", &Identity{Subject: "9", Vars: map[string]string{"": "x"}}, nil, "provider_unavailable", "", ""},
		{"a var with a long name", &Identity{Subject: "9", Vars: map[string]string{strings.Repeat("k", 65): "x"}}, nil, "provider_unavailable", "", ""},
		{"vars not text", &Identity{Subject: "9", Vars: map[string]string{"v": "\xff"}}, nil, "provider_unavailable", "", ""},
		{"subject not text", &Identity{Subject: "\xff"}, nil, "provider_unavailable", "", ""},
		{"in another's name", &Identity{Provider: "anonymous", Subject: "1"}, nil, "provider_unavailable", "", ""},
		{"refused", nil, ErrProviderRefused.About("banned"), "provider_refused", "", ""},
		{"failed", nil, errors.New("private cause"), "provider_unavailable", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, fails = c.answer, c.fails
			s, err := b.SignIn(t.Context(), "steam", map[string]any{"ticket": "t"}, "192.0.2.7")
			if code(err) != c.code || s.Account.Username != c.username {
				t.Fatalf("got %q, %v, want %q, %q", s.Account.Username, err, c.username, c.code)
			}
			if err == nil && s.Account.Identities[0].AvatarURL != c.avatar {
				t.Errorf("avatar %q, want %q", s.Account.Identities[0].AvatarURL, c.avatar)
			}
			if err == nil && !reflect.DeepEqual(s.Account.Identities[0].Vars, c.answer.Vars) {
				t.Errorf("vars %v", s.Account.Identities[0].Vars)
			}
			if f := fault.From(err); f != nil && strings.Contains(f.Text, "private") {
				t.Error("the private cause is public")
			}
			if asked.Game != "arena" || asked.Provider != "steam" || asked.RemoteAddress != "192.0.2.7" || asked.Fields["ticket"] != "t" {
				t.Errorf("asked with %+v", asked)
			}
		})
	}
	if _, err := b.SignIn(t.Context(), AnonymousName, map[string]any{"username": "Ann"}, ""); code(err) != "provider_unknown" {
		t.Errorf("got %v, want provider_unknown", err)
	}
	// A name chosen here stays when the player comes back with another one there.
	answer, fails = &Identity{Subject: "1", Username: "Other"}, nil
	s, err := b.SignIn(t.Context(), "steam", nil, "")
	if err != nil || s.Account.Username != "Ann" || s.Account.Identities[0].Username != "Other" {
		t.Errorf("got %+v, %v", s.Account, err)
	}
}

func TestSignInCancelled(t *testing.T) {
	b := newBench(t, openStore(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.SignIn(ctx, AnonymousName, map[string]any{"username": "Ann"}, ""); code(err) != "try_again" {
		t.Errorf("got %v, want try_again", err)
	}
}

func TestRefresh(t *testing.T) {
	b := newBench(t, openStore(t))
	first := b.in("Ann", device)
	if _, err := b.Rename(t.Context(), first.Account.ID, "Renamed"); err != nil {
		t.Fatal(err)
	}
	second := b.refresh(first)
	if second.RefreshToken == first.RefreshToken || second.SID != first.SID || second.Created ||
		second.Account.ID != first.Account.ID || second.Account.Username != "Renamed" || len(second.Account.Identities) != 1 {
		t.Fatalf("got %+v", second)
	}
	b.valid(first) // an access token lives on beside its successor
	b.valid(second)
	third := b.refresh(second)
	b.valid(third)
	b.told()
}

func TestSpentRefreshTokenEndsTheChain(t *testing.T) {
	b := newBench(t, openStore(t))
	first, other := b.in("Ann", device), b.in("Ann", device)
	second := b.refresh(first)
	b.valid(second)
	_, err := b.Refresh(t.Context(), first.RefreshToken)
	if code(err) != "invalid_token" || fault.From(err).Text != "Invalid token" || !errors.Is(err, store.ErrSpent) {
		t.Fatalf("got %v", err)
	}
	b.told(ended{"arena", first.Account.ID, []string{first.SID}})
	b.invalid(first)
	b.invalid(second)
	b.refused(second)
	b.refused(first)
	b.told() // it had ended already
	b.valid(other)
	b.refresh(other)
	if b.logs.Len() == 0 {
		t.Error("nothing in the log")
	}
	b.silent([]error{err}, first, second, other)
}

func TestRefreshOneTokenAtOnce(t *testing.T) {
	b := newBench(t, openStore(t))
	first := b.in("Ann", device)
	var wg sync.WaitGroup
	var good [8]Session
	for i := range good {
		wg.Go(func() { good[i], _ = b.Refresh(t.Context(), first.RefreshToken) })
	}
	wg.Wait()
	n := 0
	for _, s := range good {
		if s.AccessToken != "" {
			n++
			b.invalid(s)
			b.refused(s)
		}
	}
	if n > 1 {
		t.Errorf("one token was exchanged %d times", n)
	}
	b.told(ended{"arena", first.Account.ID, []string{first.SID}})
}

func TestRefreshRefuses(t *testing.T) {
	s := openStore(t)
	b := newBench(t, s)
	first := b.in("Ann", device)
	good, _ := parseRefreshToken(first.RefreshToken)
	stranger := good
	stranger.sid[0]++
	for name, token := range map[string]string{
		"empty":          "",
		"prefix alone":   refreshPrefix,
		"too long":       first.RefreshToken + "A",
		"too short":      first.RefreshToken[:len(first.RefreshToken)-1],
		"no prefix":      "AAAA" + first.RefreshToken[4:],
		"other alphabet": first.RefreshToken[:30] + "+/" + first.RefreshToken[32:],
		"line end":       first.RefreshToken[:30] + "\n" + first.RefreshToken[31:],
		"unknown sid":    stranger.encode(),
		"access token":   first.AccessToken,
	} {
		if _, err := b.Refresh(t.Context(), token); !errors.Is(err, ErrInvalidToken) {
			t.Errorf("%s: %v, want invalid_token", name, err)
		}
	}
	foreign := newBench(t, s, func(o *Options) { o.Game = "hill" })
	foreign.refused(first)
	foreign.told()
	b.refresh(first) // nothing of this harmed the real one
	if _, err := b.Verify(t.Context(), first.RefreshToken); code(err) != "invalid_token" {
		t.Errorf("the refresh token as an access token: %v", err)
	}
}

// A failure on the way leaves the player with a token that still works.
func TestRefreshFailsBeforeItSpends(t *testing.T) {
	b := newBench(t, openStore(t))
	first := b.in("Ann", device)
	b.store.set(func() { b.store.fail = errors.New("disk") })
	if _, err := b.Refresh(t.Context(), first.RefreshToken); code(err) != "internal" {
		t.Fatalf("got %v, want internal", err)
	}
	b.store.set(func() { b.store.fail = nil })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Refresh(ctx, first.RefreshToken); code(err) != "try_again" {
		t.Fatalf("got %v, want try_again", err)
	}
	b.refresh(first)
	b.told()
}

func TestLifetimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, openStore(t), func(o *Options) { o.AccessTTL, o.RefreshTTL = time.Hour, 24*time.Hour })
		s := b.in("Ann", device)
		time.Sleep(time.Hour - time.Second)
		b.valid(s)
		time.Sleep(time.Second)
		b.invalid(s)
		time.Sleep(22 * time.Hour)
		next := b.refresh(s) // and it begins anew
		b.valid(next)
		time.Sleep(24*time.Hour - time.Millisecond)
		b.invalid(next)
		last := b.refresh(next)
		time.Sleep(24 * time.Hour)
		b.refused(last)
		b.told()
		b.silent(nil, s, next, last)
	})
}
