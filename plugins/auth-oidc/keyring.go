package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/muster-gg/muster/plugins/internal/web"
	"github.com/muster-gg/muster/sdk/hook"
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
	source  *source
	timeout time.Duration // of those who wait

	// Fetches belong to the keyring: one whose caller goes away is not wasted, and
	// cannot be repeated without end.
	life    context.Context
	end     context.CancelFunc
	fetches sync.WaitGroup

	mu       sync.Mutex
	fetching chan struct{} // closed when the fetch under way has ended; nil: none is
	keys     []jwk
	until    time.Time // the keys are good
	tried    time.Time // the last fetch ended
	failed   error     // with this
}

func newKeyring(s *source, timeout time.Duration) *keyring {
	k := &keyring{source: s, timeout: timeout}
	k.life, k.end = context.WithCancel(context.Background())
	return k
}

// close ends the fetch under way. No call may come after it.
func (k *keyring) close() {
	k.end()
	k.fetches.Wait()
}

// find returns the keys that may have signed a token with that key id and
// algorithm. An id that is not known has the keys fetched anew, for providers change
// them at any time. Its errors are a wrong, or that the provider cannot be asked.
func (k *keyring) find(ctx context.Context, kid, algorithm string) ([]jwt.VerificationKey, error) {
	if fetched := k.refresh(kid, algorithm); fetched != nil {
		within, cancel := web.Within(ctx, k.timeout)
		defer cancel()
		select {
		case <-fetched:
		case <-within.Done():
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, hook.Unreachable(errors.New("the provider's keys take too long"))
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	found := k.look(kid, algorithm)
	switch {
	case len(found) > 0 && time.Now().Before(k.until.Add(staleFor)):
		return found, nil
	case k.failed != nil:
		return nil, k.failed
	}
	return nil, wrong("no key of the provider's fits it")
}

// refresh begins a fetch, or joins the one under way, if the keys have to be
// fetched for this token; else it returns nil.
func (k *keyring) refresh(kid, algorithm string) <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.due(len(k.look(kid, algorithm)) > 0) {
		return nil
	}
	if k.fetching == nil {
		k.fetching = make(chan struct{})
		k.fetches.Go(k.fetch)
	}
	return k.fetching
}

// due reports whether to fetch for a token whose key is known, or is not.
func (k *keyring) due(known bool) bool {
	now := time.Now()
	since := now.Sub(k.tried)
	switch {
	case k.failed != nil && since < afterFailure:
		return false
	case now.Before(k.until):
		return !known && since >= between
	}
	return true
}

func (k *keyring) look(kid, algorithm string) (found []jwt.VerificationKey) {
	for _, j := range k.keys {
		if (kid == "" || j.ID == kid) && j.fits(algorithm) {
			found = append(found, j.key())
		}
	}
	return found
}

func (k *keyring) fetch() {
	keys, good, err := k.source.get(k.life)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tried, k.failed = time.Now(), err
	if err == nil {
		k.keys, k.until = keys, k.tried.Add(good)
	}
	close(k.fetching)
	k.fetching = nil
}
