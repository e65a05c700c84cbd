package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/muster-gg/muster/plugins/internal/webtest"
)

func TestRotation(t *testing.T) {
	first, second := newSigner(t, "k1", "RS256"), newSigner(t, "k2", "ES256")
	p := newIDP(t, first)
	c, o := p.start(nil)
	in := func(s *signer) string {
		_, err := c.Authenticate(t.Context(), request(s.sign(t, p.claims(nil), nil), ""))
		return verdict(err)
	}
	step := func(what string, s *signer, want string, fetches int) {
		t.Helper()
		if got := in(s); got != want || p.Calls(keysPath) != fetches {
			t.Errorf("%s: %q after %d fetches, want %q after %d", what, got, p.Calls(keysPath), want, fetches)
		}
	}
	step("the first token", first, "", 1)
	p.publish(first, second)
	step("a new key, just after a fetch", second, refused, 1)
	o.older(between)
	step("a new key", second, "", 2)
	for range 20 {
		step("made up keys", newSigner(t, "made up", "ES256"), refused, 2)
	}
	o.older(between)
	step("made up keys, later", newSigner(t, "made up", "ES256"), refused, 3)
	step("a known key, still", first, "", 3)
	p.publish(second)
	step("the old key is gone, not known yet", first, "", 3)
	o.older(unsaid)
	step("the old key is gone", first, refused, 4)
	step("the new key", second, "", 4)
	if p.Calls(discovery) != 1 {
		t.Errorf("discovered %d times", p.Calls(discovery))
	}
	o.older(discoveryFor)
	step("the next day", second, "", 5)
	if p.Calls(discovery) != 2 {
		t.Errorf("discovered %d times", p.Calls(discovery))
	}
	// The same id again, with another key.
	third := newSigner(t, "k2", "ES256")
	p.publish(third)
	step("another key of the same id", third, refused, 5)
	o.older(unsaid)
	step("another key of the same id, later", third, "", 6)
}

func TestOutage(t *testing.T) {
	key, fresh := newSigner(t, "k1", "RS256"), newSigner(t, "k2", "RS256")
	p := newIDP(t, key)
	c, o := p.start(nil)
	in := func(s *signer) string {
		_, err := c.Authenticate(t.Context(), request(s.sign(t, p.claims(nil), nil), ""))
		return verdict(err)
	}
	if got := in(key); got != "" {
		t.Fatal(got)
	}
	p.On(keysPath, webtest.JSON(503, nil))
	o.older(between)
	if got := in(fresh); got != "unreachable" {
		t.Errorf("a new key while it is down: %q", got)
	}
	asked := p.Calls(keysPath)
	if got := in(fresh); got != "unreachable" || p.Calls(keysPath) != asked {
		t.Errorf("at once again: %q", got)
	}
	if got := in(key); got != "" {
		t.Errorf("a known key while it is down: %q", got)
	}
	o.older(unsaid)
	if got := in(key); got != "" {
		t.Errorf("a known key within its grace: %q", got)
	}
	o.older(staleFor)
	if got := in(key); got != "unreachable" {
		t.Errorf("a key that is too old: %q", got)
	}
	p.publish(fresh)
	o.older(afterFailure)
	if got := in(fresh); got != "" {
		t.Errorf("back again: %q", got)
	}
	if got := in(key); got != refused {
		t.Errorf("back again, the old key: %q", got)
	}
}

// TestTogether: many sign-ins at once fetch once, those who go away stop nobody,
// and who waits for less than the timeout is told in time.
func TestTogether(t *testing.T) {
	key := newSigner(t, "k1", "ES256")
	p := newIDP(t, key)
	asked, answer := make(chan struct{}), make(chan struct{})
	p.On(keysPath, func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		<-answer
		webtest.JSON(200, object{"keys": []object{key.jwk()}})(w, r)
	})
	c, _ := p.start(object{"timeout": time.Minute})
	token := key.sign(t, p.claims(nil), nil)
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := c.Authenticate(ctx, request(token, ""))
		left <- err
	}()
	<-asked
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left: %v", err)
	}
	short, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := c.Authenticate(short, request(token, "")); verdict(err) != "unreachable" {
		t.Errorf("who waits shortly: %v", err)
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := c.Authenticate(t.Context(), request(token, "")); err != nil {
				t.Error(err)
			}
		})
	}
	close(answer)
	all.Wait()
	if p.Calls(keysPath) != 1 || p.Calls(discovery) != 1 {
		t.Errorf("fetched %d times", p.Calls(keysPath))
	}
}

// TestEnd: a plugin that ends does not wait for its provider.
func TestEnd(t *testing.T) {
	key := newSigner(t, "k1", "ES256")
	p := newIDP(t, key)
	p.On(keysPath, webtest.Troubles()["slow"])
	t.Run("in it", func(t *testing.T) {
		inner := &idp{p.Provider, t}
		c, _ := inner.start(object{"timeout": time.Hour})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Authenticate(ctx, request(key.sign(t, p.claims(nil), nil), "")); verdict(err) != "unreachable" {
			t.Errorf("%v", err)
		}
	})
}

func TestTroubles(t *testing.T) {
	key := newSigner(t, "k1", "RS256")
	p := newIDP(t, key)
	token := key.sign(t, p.claims(nil), nil)
	c, o := p.start(object{"timeout": time.Second})
	call := func() error {
		o.older(afterFailure)
		_, err := c.Authenticate(t.Context(), request(token, ""))
		return err
	}
	webtest.Exercise(t, p.Provider, keysPath, []string{token, "127.0.0.1"}, call)
	p.publish()
	if err := call(); verdict(err) != "unreachable" {
		t.Errorf("no keys: %v", err)
	}
	p.publish(key)
	o.older(discoveryFor)
	webtest.Exercise(t, p.Provider, discovery, []string{token, "127.0.0.1"}, call)
}

func TestGoodFor(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": unsaid, "no-store": unsaid, "public, max-age=7200, must-revalidate": 2 * time.Hour, "MAX-AGE=7200": 2 * time.Hour,
		"max-age=0": leastKeys, "max-age=-5": leastKeys, "max-age=999999999999": mostKeys, "max-age=x": unsaid, `max-age="7200"`: 2 * time.Hour,
	} {
		if got := goodFor(http.Header{"Cache-Control": {text}}); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	for age, want := range map[string]time.Duration{"3600": time.Hour, "9999999999": leastKeys, "-7": 2 * time.Hour, "x": 2 * time.Hour} {
		if got := goodFor(http.Header{"Cache-Control": {"max-age=7200"}, "Age": {age}}); got != want {
			t.Errorf("age %s: %v, want %v", age, got, want)
		}
	}
}

// TestCacheHeaders: what the provider says of its keys' age counts.
func TestCacheHeaders(t *testing.T) {
	key := newSigner(t, "k1", "RS256")
	p := newIDP(t, key)
	p.On(keysPath, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=120")
		webtest.JSON(200, object{"keys": []object{key.jwk()}})(w, r)
	})
	c, o := p.start(nil)
	for _, step := range []struct {
		later   time.Duration
		fetches int
	}{{0, 1}, {110 * time.Second, 1}, {10 * time.Second, 2}, {0, 2}} {
		o.older(step.later)
		if _, err := c.Authenticate(t.Context(), request(key.sign(t, p.claims(nil), nil), "")); err != nil || p.Calls(keysPath) != step.fetches {
			t.Errorf("%v later: %v, %d fetches", step.later, err, p.Calls(keysPath))
		}
	}
}
