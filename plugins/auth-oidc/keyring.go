package main

import (
	"context"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/muster-gg/muster/plugins/internal/web"
)

// How long things are good for.
const (
	// between is the least time between two fetches that unknown keys ask for:
	// tokens are made up easily.
	between = 10 * time.Second
	// afterFailure is for how long a failed fetch is not repeated.
	afterFailure = time.Second
	// leastKeys and mostKeys bound what a provider says of its keys; unsaid is for
	// one that says nothing.
	leastKeys, mostKeys, unsaid = time.Minute, 24 * time.Hour, time.Hour
	// discoveryFor is how long a discovery document is used.
	discoveryFor = 24 * time.Hour
	// staleFor is how long known keys outlive their time while the provider is down.
	staleFor = 6 * time.Hour
	// maxKeys is how many keys of a provider are kept.
	maxKeys = 100
)

// keyring holds the keys of a provider. It is safe for concurrent use.
type keyring struct {
	web         *web.Client
	base        string
	issuers     []string
	development bool
	// turn is held by the one who fetches.
	turn chan struct{}

	mu     sync.Mutex
	keys   []jwk
	until  time.Time // the keys are good
	tried  time.Time // the last fetch ended
	failed error     // with this

	// Only the one who fetches uses these.
	jwksURL        string
	discoveryUntil time.Time
}

func newKeyring(w *web.Client, base string, issuers []string, development bool) *keyring {
	return &keyring{web: w, base: base, issuers: issuers, development: development, turn: make(chan struct{}, 1)}
}

// find returns the keys that may have signed a token with that key id and
// algorithm. An id that is not known has the keys fetched anew, for providers change
// them at any time. Its errors are a wrong, or that the provider cannot be asked.
func (k *keyring) find(ctx context.Context, kid, algorithm string) ([]jwt.VerificationKey, error) {
	found, due := k.look(kid, algorithm)
	if due {
		select {
		case k.turn <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		// Somebody may have fetched while this one waited.
		if _, due = k.look(kid, algorithm); due {
			k.fetch(ctx)
		}
		<-k.turn
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		found, _ = k.look(kid, algorithm)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case len(found) > 0 && time.Now().Before(k.until.Add(staleFor)):
		return found, nil
	case k.failed != nil:
		return nil, k.failed
	}
	return nil, wrong("no key of the provider's fits it")
}

// look returns the keys that are here, and whether a fetch is due for them.
func (k *keyring) look(kid, algorithm string) (found []jwt.VerificationKey, due bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, j := range k.keys {
		if (kid == "" || j.ID == kid) && j.fits(algorithm) {
			found = append(found, j.key())
		}
	}
	now := time.Now()
	since := now.Sub(k.tried)
	switch {
	case k.failed != nil && since < afterFailure:
		return found, false
	case now.Before(k.until):
		return found, len(found) == 0 && since >= between
	}
	return found, true
}
