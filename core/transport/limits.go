package transport

import (
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/muster-gg/muster/core/fault"
)

// Limits say how much one player, socket or address may ask for. The defaults let
// a class of forty behind one address sign in, mistype codes and reload together.
// Zero values mean the defaults.
type Limits struct {
	// Disabled turns all of these off. Size, time and slow-reader bounds stay.
	Disabled bool
	// SignIns bounds sign-ins, refreshes, links and exports of one address: 120 at
	// once, 2 a second. Wrong keys of backends have the same bound.
	SignIns Rate
	// AccountGuesses bounds wrong codes and passwords of one account: 10 at once,
	// one in 6 s. AddressGuesses is the same for an address: 200 at once, one a
	// second. A code is one of a million, so a hundred private lobbies are found
	// once in three hours at that pace.
	AccountGuesses, AddressGuesses Rate
	// Messages bounds what one socket sends: 60 at once, 30 a second. A message
	// counts once more for each 4 KiB. An account's calls of POST /rpc have the same
	// bound.
	Messages Rate
	// Searches bounds the searches for a match of an account, each of which makes calls
	// to the platform: 10 at once, one in 3 s.
	Searches Rate
	// Floods bounds messages beyond that, which are answered rate_limited; who goes
	// on is closed with 4429. 200 at once, 5 a second.
	Floods Rate
	// Connects bounds how often an address opens sockets: 1,000 at once, 50 a second.
	Connects Rate
	// Sockets is how many an address may have open at a time: 2,000.
	Sockets int
}

// Rate is a token bucket: Burst at once, then one each Every.
type Rate struct {
	Burst int
	Every time.Duration
}

func (r Rate) or(d Rate) Rate {
	if r.Burst <= 0 || r.Every <= 0 {
		return d
	}
	return r
}

func (l Limits) withDefaults() Limits {
	l.SignIns = l.SignIns.or(Rate{120, 500 * time.Millisecond})
	l.AccountGuesses = l.AccountGuesses.or(Rate{10, 6 * time.Second})
	l.AddressGuesses = l.AddressGuesses.or(Rate{200, time.Second})
	l.Messages = l.Messages.or(Rate{60, time.Second / 30})
	l.Searches = l.Searches.or(Rate{10, 3 * time.Second})
	l.Floods = l.Floods.or(Rate{200, 200 * time.Millisecond})
	l.Connects = l.Connects.or(Rate{1000, 20 * time.Millisecond})
	if l.Sockets <= 0 {
		l.Sockets = 2000
	}
	return l
}

// ErrRateLimited is what whoever asks too often is told; its RetryAfter is set.
var ErrRateLimited = fault.New("rate_limited", "Too many requests, please slow down")

func rateLimited(wait time.Duration) error {
	// Whole milliseconds upwards, so that who waits that long is let in.
	return ErrRateLimited.After((wait + time.Millisecond - 1).Truncate(time.Millisecond))
}

// bucket is a token bucket in the form of one time: when it will be full again.
// The zero value is full. Not safe for concurrent use.
type bucket struct{ full time.Time }

// take takes n tokens, or returns how long to wait until there are so many. More
// tokens than the bucket holds can never be had; they count as a full bucket.
func (b *bucket) take(r Rate, n int, now time.Time) (wait time.Duration) {
	full := now
	if b.full.After(now) {
		full = b.full
	}
	full = full.Add(time.Duration(min(n, r.Burst)) * r.Every)
	if over := full.Sub(now) - time.Duration(r.Burst)*r.Every; over > 0 {
		return over
	}
	b.full = full
	return 0
}

// back returns a token.
func (b *bucket) back(r Rate) { b.full = b.full.Add(-r.Every) }

// maxBuckets bounds how many addresses or accounts one limit remembers; the one
// that was seen longest ago is forgotten first, as if its bucket were full.
const maxBuckets = 1 << 16

// buckets are the buckets of one limit.
type buckets[K comparable] struct {
	rate Rate
	mu   sync.Mutex
	by   *simplelru.LRU[K, *bucket]
}

func newBuckets[K comparable](r Rate) (*buckets[K], error) {
	by, err := simplelru.NewLRU[K, *bucket](maxBuckets, nil)
	return &buckets[K]{rate: r, by: by}, err
}

func (b *buckets[K]) take(k K) (wait time.Duration) {
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	one, ok := b.by.Get(k)
	if !ok {
		one = &bucket{}
		b.by.Add(k, one)
	}
	return one.take(b.rate, 1, now)
}

func (b *buckets[K]) back(k K) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if one, ok := b.by.Get(k); ok {
		one.back(b.rate)
	}
}

// player names an account of a game.
type player struct{ game, account string }

// limiters hold the limits of one server.
type limiters struct {
	Limits
	signIns        *buckets[netip.Prefix]
	keyGuesses     *buckets[netip.Prefix]
	addressGuesses *buckets[netip.Prefix]
	accountGuesses *buckets[player]
	calls          *buckets[player]
	searches       *buckets[player]
	connects       *buckets[netip.Prefix]

	mu   sync.Mutex
	open map[netip.Prefix]int // sockets by address; as many entries as sockets at most
}

func newLimiters(l Limits) (*limiters, error) {
	s := &limiters{Limits: l.withDefaults(), open: map[netip.Prefix]int{}}
	var err error
	for _, b := range []struct {
		to   **buckets[netip.Prefix]
		rate Rate
	}{{&s.signIns, s.SignIns}, {&s.keyGuesses, s.SignIns}, {&s.addressGuesses, s.AddressGuesses}, {&s.connects, s.Connects}} {
		if *b.to, err = newBuckets[netip.Prefix](b.rate); err != nil {
			return nil, err
		}
	}
	if s.accountGuesses, err = newBuckets[player](s.AccountGuesses); err != nil {
		return nil, err
	}
	if s.searches, err = newBuckets[player](s.Searches); err != nil {
		return nil, err
	}
	s.calls, err = newBuckets[player](s.Messages)
	return s, err
}

// signIn is asked before a sign-in, refresh, link or export.
func (l *limiters) signIn(from netip.Prefix) error {
	if l.Disabled {
		return nil
	}
	if wait := l.signIns.take(from); wait > 0 {
		return rateLimited(wait)
	}
	return nil
}

// key is asked before a backend's key is compared. right takes it back when it
// was no guess.
func (l *limiters) key(from netip.Prefix) (right func(), err error) {
	if l.Disabled {
		return func() {}, nil
	}
	if wait := l.keyGuesses.take(from); wait > 0 {
		return nil, rateLimited(wait)
	}
	return func() { l.keyGuesses.back(from) }, nil
}

// search is asked before a search for a match begins.
func (l *limiters) search(who player) error {
	if l.Disabled {
		return nil
	}
	if wait := l.searches.take(who); wait > 0 {
		return rateLimited(wait)
	}
	return nil
}

// call is asked before the rules of a game answer a call over HTTP.
func (l *limiters) call(who player) error {
	if l.Disabled {
		return nil
	}
	if wait := l.calls.take(who); wait > 0 {
		return rateLimited(wait)
	}
	return nil
}

// guess is asked before a code or password is tried. right takes it back when it
// was no guess.
func (l *limiters) guess(from netip.Prefix, who player) (right func(), err error) {
	if l.Disabled {
		return func() {}, nil
	}
	if wait := l.accountGuesses.take(who); wait > 0 {
		return nil, rateLimited(wait)
	}
	if wait := l.addressGuesses.take(from); wait > 0 {
		l.accountGuesses.back(who)
		return nil, rateLimited(wait)
	}
	return func() { l.accountGuesses.back(who); l.addressGuesses.back(from) }, nil
}

// connect is asked before a socket is opened; disconnect must follow if it is not refused.
func (l *limiters) connect(from netip.Prefix) error {
	if !l.Disabled {
		if wait := l.connects.take(from); wait > 0 {
			return rateLimited(wait)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.Disabled && l.open[from] >= l.Sockets {
		return ErrRateLimited.About("Too many connections from this address").After(10 * time.Second)
	}
	l.open[from]++
	return nil
}

func (l *limiters) disconnect(from netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[from]--; l.open[from] <= 0 {
		delete(l.open, from)
	}
}
