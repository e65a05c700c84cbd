package identity

import (
	"context"
	"errors"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"github.com/muster-gg/muster/core/store"
)

const (
	// recheck bounds how long a missed word of another node's revocation matters.
	recheck = time.Minute
	// loadTimeout bounds a look into the store that several callers share.
	loadTimeout = 5 * time.Second
)

// liveness remembers which sign-ins have not ended. It asks the store once for
// callers that come together, and never keeps an answer that is older than a
// revocation it was told of.
type liveness struct {
	game   string
	chains store.SignIns
	flight singleflight.Group

	mu    sync.Mutex
	known *lru.Cache[string, chain]
	// revocations counts the news; an answer fetched across one is not kept.
	revocations uint64
}

// chain is what is known of one sign-in. An ended one never comes back to life,
// so it needs no second look.
type chain struct {
	accountID string
	live      bool
	checked   time.Time
}

func newLiveness(game string, chains store.SignIns, size int) (*liveness, error) {
	known, err := lru.New[string, chain](size)
	if err != nil {
		return nil, err
	}
	return &liveness{game: game, chains: chains, known: known}, nil
}

// lookup says whether the sign-in is live and whose it is.
func (l *liveness) lookup(ctx context.Context, sid string) (chain, error) {
	l.mu.Lock()
	c, ok := l.known.Get(sid)
	l.mu.Unlock()
	if ok && (!c.live || time.Since(c.checked) < recheck) {
		return c, nil
	}
	v, err, _ := l.flight.Do(sid, func() (any, error) {
		// One caller's going away must not fail the others who share this.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
		defer cancel()
		return l.load(ctx, sid)
	})
	if err != nil {
		return chain{}, err
	}
	return v.(chain), nil
}

func (l *liveness) load(ctx context.Context, sid string) (chain, error) {
	mark := l.mark()
	c := chain{checked: time.Now()}
	switch s, err := l.chains.SignInByID(ctx, l.game, sid); {
	case err == nil:
		c.accountID, c.live = s.AccountID, s.RevokedAt.IsZero()
	case !errors.Is(err, store.ErrNotFound):
		return chain{}, err
	}
	l.keep(sid, c, mark)
	return c, nil
}

// mark is taken before reading from the store or writing to it, and given to keep.
func (l *liveness) mark() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.revocations
}

// keep remembers c unless a revocation came since mark.
func (l *liveness) keep(sid string, c chain, mark uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.revocations == mark {
		l.known.Add(sid, c)
	}
}

// end marks sign-ins as ended, from this moment on for every later lookup.
func (l *liveness) end(sids ...string) {
	l.mu.Lock()
	l.revocations++
	for _, sid := range sids {
		l.known.Add(sid, chain{})
	}
	l.mu.Unlock()
	for _, sid := range sids {
		l.flight.Forget(sid) // nobody may join a look that began before
	}
}
