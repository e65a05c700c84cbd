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

// source is where a provider's keys come from. One at a time asks it.
type source struct {
	web         *web.Client
	base        string
	issuers     []string
	development bool

	jwksURL        string
	discoveryUntil time.Time
}

// get asks the provider for its keys, and says for how long they are good.
func (s *source) get(ctx context.Context) ([]jwk, time.Duration, error) {
	if !time.Now().Before(s.discoveryUntil) {
		if err := s.discover(ctx); err != nil {
			return nil, 0, err
		}
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	answer, err := s.web.Get(ctx, s.jwksURL, nil, &set)
	if err == nil && answer.Status != http.StatusOK {
		err = hook.Unreachable(fmt.Errorf("the provider's keys: status %d", answer.Status))
	}
	if err != nil {
		s.discoveryUntil = time.Time{} // they may be elsewhere now
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
func (s *source) discover(ctx context.Context) error {
	var document struct {
		Issuer  string `json:"issuer"`
		JWKSURL string `json:"jwks_uri"`
	}
	answer, err := s.web.Get(ctx, s.base+"/.well-known/openid-configuration", nil, &document)
	switch {
	case err != nil:
		return err
	case answer.Status != http.StatusOK:
		return hook.Unreachable(fmt.Errorf("the provider's discovery document: status %d", answer.Status))
	case !slices.Contains(s.issuers, document.Issuer):
		return fmt.Errorf("the discovery document is of the issuer %q, not of %s", short(document.Issuer), s.issuers[0])
	case !web.Allowed(document.JWKSURL, s.development):
		return errors.New("the discovery document names no https address of keys")
	}
	s.jwksURL, s.discoveryUntil = document.JWKSURL, time.Now().Add(discoveryFor)
	return nil
}

// goodFor reads how long an answer may be kept.
func goodFor(h http.Header) time.Duration {
	age, _ := strconv.Atoi(h.Get("Age"))
	age = min(max(age, 0), int(mostKeys/time.Second)) // larger ones would overflow a duration
	for part := range strings.SplitSeq(h.Get("Cache-Control"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if seconds, err := strconv.Atoi(strings.Trim(value, `"`)); err == nil && strings.EqualFold(name, "max-age") {
			left := time.Duration(min(seconds, int(mostKeys/time.Second))-age) * time.Second
			return max(leastKeys, min(left, mostKeys))
		}
	}
	return unsaid
}
