package identity

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/muster-gg/muster/core/store"
)

// forge signs claims with a key, past the Service.
func forge(t *testing.T, method jwt.SigningMethod, key any, kid string, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	if kid != "" {
		token.Header["kid"] = kid
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAccessTokenShape(t *testing.T) {
	b := newBench(t, openStore(t))
	s := b.in("Ann", device)
	token, _, err := jwt.NewParser().ParseUnverified(s.AccessToken, jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	c := token.Claims.(jwt.MapClaims)
	if c["sub"] != s.Account.ID || c["accountId"] != s.Account.ID || c["game"] != "arena" || c["sid"] != s.SID || c["iss"] != "muster" ||
		c["exp"] != float64(s.ExpiresAt/1000) || c["exp"].(float64)-c["iat"].(float64) != 720*3600 || len(c) != 7 {
		t.Errorf("claims %v", c)
	}
	if kid, _ := token.Header["kid"].(string); token.Header["alg"] != "HS256" || len(kid) < 8 {
		t.Errorf("header %v", token.Header)
	}
	again := b.in("Ann", device)
	other, _, _ := jwt.NewParser().ParseUnverified(again.AccessToken, jwt.MapClaims{})
	if other.Header["kid"] != token.Header["kid"] {
		t.Error("one key has two ids")
	}
}

func TestVerifyRefuses(t *testing.T) {
	st := openStore(t)
	b := newBench(t, st)
	s := b.in("Ann", device)
	key, kid := b.tokens.key, b.tokens.kid
	good := func(change ...func(jwt.MapClaims)) jwt.MapClaims {
		c := jwt.MapClaims{"iss": "muster", "sub": s.Account.ID, "accountId": s.Account.ID, "game": "arena", "sid": s.SID,
			"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()}
		for _, f := range change {
			f(c)
		}
		return c
	}
	hs := jwt.SigningMethodHS256
	if _, err := b.Verify(t.Context(), forge(t, hs, key, kid, good())); err != nil {
		t.Fatalf("the pattern for the others: %v", err)
	}
	set := func(k string, v any) func(jwt.MapClaims) { return func(c jwt.MapClaims) { c[k] = v } }
	parts := strings.Split(s.AccessToken, ".")
	flipped := []byte(parts[2])
	flipped[3] ^= 1
	victim := b.in("Victim", "")
	for name, token := range map[string]string{
		"empty":               "",
		"dots":                "..",
		"nonsense":            "nonsense",
		"huge":                strings.Repeat("a", 1<<20),
		"line end":            s.AccessToken + "\n",
		"no signature":        parts[0] + "." + parts[1] + ".",
		"changed signature":   parts[0] + "." + parts[1] + "." + string(flipped),
		"another's payload":   parts[0] + "." + strings.Split(victim.AccessToken, ".")[1] + "." + parts[2],
		"alg none":            forge(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid, good()),
		"alg HS384":           forge(t, jwt.SigningMethodHS384, key, kid, good()),
		"alg HS512":           forge(t, jwt.SigningMethodHS512, key, kid, good()),
		"the secret as key":   forge(t, hs, testSecret, kid, good()),
		"an empty key":        forge(t, hs, []byte{}, kid, good()),
		"no kid":              forge(t, hs, key, "", good()),
		"another kid":         forge(t, hs, key, "other", good()),
		"expired":             forge(t, hs, key, kid, good(set("exp", time.Now().Add(-time.Second).Unix()))),
		"not yet":             forge(t, hs, key, kid, good(set("nbf", time.Now().Add(time.Hour).Unix()))),
		"no exp":              forge(t, hs, key, kid, good(func(c jwt.MapClaims) { delete(c, "exp") })),
		"exp of another kind": forge(t, hs, key, kid, good(set("exp", "tomorrow"))),
		"another issuer":      forge(t, hs, key, kid, good(set("iss", "other"))),
		"another game":        forge(t, hs, key, kid, good(set("game", "hill"))),
		"no game":             forge(t, hs, key, kid, good(set("game", ""))),
		"no sub":              forge(t, hs, key, kid, good(set("sub", ""))),
		"two accounts":        forge(t, hs, key, kid, good(set("accountId", victim.Account.ID))),
		"another's sid":       forge(t, hs, key, kid, good(set("sid", victim.SID))),
		"no sid":              forge(t, hs, key, kid, good(set("sid", ""))),
		"unknown sid":         forge(t, hs, key, kid, good(set("sid", "nobody"))),
		"sid of another kind": forge(t, hs, key, kid, good(set("sid", 7))),
		"a foreign game's":    newBench(t, st, func(o *Options) { o.Game = "hill" }).in("Ann", device).AccessToken,
		"another server's":    newBench(t, st, func(o *Options) { o.Secret = []byte("another secret of another server") }).in("Ann", device).AccessToken,
	} {
		c, err := b.Verify(t.Context(), token)
		if !errors.Is(err, ErrInvalidToken) || c != (Claims{}) {
			t.Errorf("%s: %+v, %v, want invalid_token", name, c, err)
			continue
		}
		b.silent([]error{err}, s)
		if token != "" && token != ".." && strings.Contains(err.Error(), token) {
			t.Errorf("%s: the token is in the error", name)
		}
	}
	b.valid(s)
}

func TestLogout(t *testing.T) {
	b := newBench(t, openStore(t))
	phone, desk := b.in("Ann", device), b.in("Ann", device)
	other := b.in("Bob", "")
	if err := b.Logout(t.Context(), b.valid(phone), false); err != nil {
		t.Fatal(err)
	}
	b.told(ended{"arena", phone.Account.ID, []string{phone.SID}})
	b.invalid(phone)
	b.refused(phone)
	b.valid(desk)
	again := b.in("Ann", device)
	if err := b.Logout(t.Context(), b.valid(desk), true); err != nil {
		t.Fatal(err)
	}
	b.told(ended{"arena", phone.Account.ID, []string{desk.SID, again.SID}})
	for _, s := range []Session{desk, again} {
		b.invalid(s)
		b.refused(s)
	}
	b.valid(other)
	b.valid(b.in("Ann", device)) // the account itself is well
	b.told()
}

func TestLogoutNotSaved(t *testing.T) {
	b := newBench(t, openStore(t))
	s := b.in("Ann", device)
	who := b.valid(s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, everywhere := range []bool{false, true} {
		if err := b.Logout(ctx, who, everywhere); code(err) != "try_again" {
			t.Fatalf("got %v, want try_again", err)
		}
	}
	b.told()
	b.valid(s)
}

// The caller may go away as soon as the logout is saved; sockets close all the same.
func TestNewsOutlivesItsRequest(t *testing.T) {
	b := newBench(t, openStore(t))
	s := b.in("Ann", device)
	ctx, cancel := context.WithCancel(t.Context())
	b.store.afterRevoke = cancel
	if err := b.Logout(ctx, b.valid(s), false); err != nil {
		t.Fatal(err)
	}
	b.told(ended{"arena", s.Account.ID, []string{s.SID}}) // with a context that is alive
	b.invalid(s)
}

func TestRename(t *testing.T) {
	b := newBench(t, openStore(t))
	s := b.in("Ann", device)
	a, err := b.Rename(t.Context(), s.Account.ID, "  Anna ")
	if err != nil || a.Username != "Anna" {
		t.Fatalf("got %+v, %v", a, err)
	}
	for name, want := range map[string]string{"": "username_required", " ": "username_required", "a\nb": "username_invalid", strings.Repeat("x", 33): "username_invalid", "\xff": "username_invalid"} {
		if _, err := b.Rename(t.Context(), s.Account.ID, name); code(err) != want {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
	if _, err := b.Rename(t.Context(), "nobody", "Ann"); code(err) != "account_not_found" {
		t.Errorf("got %v", err)
	}
	if a, err = b.Account(t.Context(), s.Account.ID); err != nil || a.Username != "Anna" {
		t.Errorf("got %+v, %v", a, err)
	}
	if _, err := b.Account(t.Context(), "nobody"); code(err) != "account_not_found" {
		t.Errorf("got %v", err)
	}
}

func TestErase(t *testing.T) {
	b := newBench(t, openStore(t))
	one, two := b.in("Ann", device), b.in("Ann", device)
	if err := b.Erase(t.Context(), one.Account.ID); err != nil {
		t.Fatal(err)
	}
	b.told(ended{"arena", one.Account.ID, []string{one.SID, two.SID}})
	b.invalid(one)
	b.invalid(two)
	b.refused(two)
	if _, err := b.Account(t.Context(), one.Account.ID); code(err) != "account_not_found" {
		t.Errorf("got %v", err)
	}
	if err := b.Erase(t.Context(), one.Account.ID); code(err) != "account_not_found" {
		t.Errorf("got %v", err)
	}
	if back := b.in("Ann", device); back.Account.ID == one.Account.ID || !back.Created {
		t.Error("the erased account came back")
	}
}

// What another node ends is invalid here at its word, or after a minute without.
func TestOtherNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t)
		here, there := newBench(t, s), newBench(t, s)
		told, untold := here.in("Ann", device), here.in("Ann", device)
		for _, x := range []Session{told, untold} {
			if err := there.Logout(t.Context(), there.valid(x), false); err != nil {
				t.Fatal(err)
			}
		}
		here.valid(told) // remembered
		here.Forget(told.SID)
		here.invalid(told)
		here.valid(untold)
		time.Sleep(recheck)
		here.invalid(untold)
		here.told()
	})
}

func TestVerifyAsksTheStoreOnce(t *testing.T) { synctest.Test(t, verifyAsksTheStoreOnce) }

func verifyAsksTheStoreOnce(t *testing.T) {
	s := openStore(t)
	b := newBench(t, s)
	session := b.in("Ann", device)
	for range 3 {
		b.valid(session)
	}
	if n := b.store.count(); n != 0 {
		t.Errorf("%d looks at a sign-in that was just made here", n)
	}
	cold := newBench(t, s) // a node that does not know it yet
	gate := make(chan struct{})
	cold.store.afterLoad = func() { <-gate }
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { cold.valid(session) })
	}
	synctest.Wait()
	close(gate)
	wg.Wait()
	cold.valid(session)
	if n := cold.store.count(); n != 1 {
		t.Errorf("%d looks for 9 callers", n)
	}
	gone := forge(t, jwt.SigningMethodHS256, b.tokens.key, b.tokens.kid, jwt.MapClaims{"iss": "muster", "sub": "a", "accountId": "a", "game": "arena", "sid": "gone", "exp": time.Now().Add(time.Hour).Unix()})
	for range 3 {
		b.invalid(Session{AccessToken: gone})
	}
	if n := b.store.count(); n != 1 {
		t.Errorf("%d looks for what is not there", n)
	}
}

func TestVerifyRemembersNoFailure(t *testing.T) {
	s := openStore(t)
	session := newBench(t, s).in("Ann", device)
	b := newBench(t, s)
	b.store.fail = errors.New("disk")
	if _, err := b.Verify(t.Context(), session.AccessToken); code(err) != "internal" {
		t.Fatalf("got %v, want internal", err)
	}
	b.store.set(func() { b.store.fail = nil })
	b.valid(session)
}

// The one who asked first may go away; those who wait with him get their answer.
func TestVerifySharedLookOutlivesItsCaller(t *testing.T) {
	s := openStore(t)
	session := newBench(t, s).in("Ann", device)
	b := newBench(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Verify(ctx, session.AccessToken); err != nil {
		t.Fatalf("the look itself was cancelled: %v", err)
	}
}

// A look that began before a logout neither revives the sign-in in memory nor
// answers those who ask after it.
func TestLogoutDuringALook(t *testing.T) { synctest.Test(t, logoutDuringALook) }

func logoutDuringALook(t *testing.T) {
	s := openStore(t)
	session := newBench(t, s).in("Ann", device)
	b := newBench(t, s, func(o *Options) { o.CacheSize = 1 })
	who, err := b.tokens.parse(session.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	gate, early := make(chan struct{}), make(chan struct{})
	b.store.afterLoad = func() { <-gate }
	go func() {
		defer close(early)
		b.Verify(t.Context(), session.AccessToken) // may go either way
	}()
	synctest.Wait() // it has read "live" and has not answered
	b.store.set(func() { b.store.afterLoad = nil })
	if err := b.Logout(t.Context(), who, false); err != nil {
		t.Fatal(err)
	}
	b.invalid(session)
	b.live.known.Purge() // as if many others had come meanwhile
	b.invalid(session)
	b.live.known.Purge()
	close(gate)
	<-early
	b.invalid(session)
}

func TestCacheIsBounded(t *testing.T) {
	b := newBench(t, openStore(t), func(o *Options) { o.CacheSize = 4 })
	var all []Session
	for range 12 {
		all = append(all, b.in("Ann", ""))
	}
	for _, s := range all {
		b.valid(s)
	}
	if n := b.live.known.Len(); n != 4 {
		t.Errorf("%d remembered", n)
	}
}

var _ Store = (store.Store)(nil)
