package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-gg/muster/plugins/internal/web"
	"github.com/muster-gg/muster/sdk/hook"
)

// fetch gets the keys. Only the holder of the turn calls it. That its caller has
// gone says nothing of the provider, and is not kept.
func (k *keyring) fetch(ctx context.Context) {
	keys, good, err := k.get(ctx)
	if ctx.Err() != nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tried, k.failed = time.Now(), err
	if err == nil {
		k.keys, k.until = keys, k.tried.Add(good)
	}
}

// get asks the provider for its keys, and says for how long they are good.
func (k *keyring) get(ctx context.Context) ([]jwk, time.Duration, error) {
	if !time.Now().Before(k.discoveryUntil) {
		if err := k.discover(ctx); err != nil {
			return nil, 0, err
		}
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	answer, err := k.web.Get(ctx, k.jwksURL, nil, &set)
	if err == nil && answer.Status != http.StatusOK {
		err = hook.Unreachable(fmt.Errorf("the provider's keys: status %d", answer.Status))
	}
	if err != nil {
		k.discoveryUntil = time.Time{} // they may be elsewhere now
		return nil, 0, err
	}
	var usable []jwk
	for _, data := range set.Keys {
		var j jwk
		if json.Unmarshal(data, &j) == nil && j.key() != nil && len(usable) < maxKeys {
			usable = append(usable, j)
		}
	}
	if len(usable) == 0 {
		return nil, 0, hook.Unreachable(errors.New("the provider has no keys that can be used"))
	}
	return usable, goodFor(answer.Header), nil
}

// discover finds out where the keys are.
func (k *keyring) discover(ctx context.Context) error {
	var document struct {
		Issuer  string `json:"issuer"`
		JWKSURL string `json:"jwks_uri"`
	}
	answer, err := k.web.Get(ctx, k.base+"/.well-known/openid-configuration", nil, &document)
	switch {
	case err != nil:
		return err
	case answer.Status != http.StatusOK:
		return hook.Unreachable(fmt.Errorf("the provider's discovery document: status %d", answer.Status))
	case !slices.Contains(k.issuers, document.Issuer):
		return fmt.Errorf("the discovery document is of the issuer %q, not of %s", short(document.Issuer), k.issuers[0])
	case !web.Allowed(document.JWKSURL, k.development):
		return errors.New("the discovery document names no https address of keys")
	}
	k.jwksURL, k.discoveryUntil = document.JWKSURL, time.Now().Add(discoveryFor)
	return nil
}

// goodFor reads how long an answer may be kept.
func goodFor(h http.Header) time.Duration {
	age, _ := strconv.Atoi(h.Get("Age"))
	for part := range strings.SplitSeq(h.Get("Cache-Control"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if seconds, err := strconv.Atoi(strings.Trim(value, `"`)); err == nil && strings.EqualFold(name, "max-age") {
			left := time.Duration(min(seconds, int(mostKeys/time.Second))-max(age, 0)) * time.Second
			return max(leastKeys, min(left, mostKeys))
		}
	}
	return unsaid
}
