package hooks

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-gg/muster/sdk/hook"
)

const (
	// maxRpcBreakers is how many names of rpcs of one hook have breakers of their own.
	// Beyond it they share one: names are made by callers.
	maxRpcBreakers = 256
	// otherRpcs is what those are called that share one.
	otherRpcs = "(others)"
)

// key is what has a breaker of its own.
type key struct {
	point hook.Point
	rpc   string // empty but at that point
}

// others is the key of the names that share a breaker: no call has an empty one.
var others = key{point: hook.PointRpc}

// name is what people read.
func (k key) name() string {
	if k == others {
		return otherRpcs
	}
	return k.rpc
}

// errOthers is in the failures of calls that the shared breaker does not let
// through. Nobody knows whether their functions are this hook's.
var errOthers = errors.New("a name of many that fail")

// breakers are those of one version of a hook. A key has none before a call of it
// was late or crashed.
type breakers struct {
	r    *Runner
	hook Hook
	// all is replaced, never changed. Looking takes no lock; nil: all is well.
	all atomic.Pointer[map[key]*breaker]

	mu      sync.Mutex
	late    map[*behind]bool // those with timers
	retired bool             // another version is in use: no series show them
	stopped bool
}

func newBreakers(r *Runner, h Hook) *breakers {
	return &breakers{r: r, hook: h, late: map[*behind]bool{}}
}

// find returns the breaker for the calls of a key, nil if there is none. It takes
// no lock.
func (b *breakers) find(k key) *breaker {
	all := b.all.Load()
	if all == nil {
		return nil
	}
	if one := (*all)[k]; one != nil || k.point != hook.PointRpc {
		return one
	}
	return (*all)[others]
}

// troubled says that the calls of a key must be looked at.
func (b *breakers) troubled(k key) bool {
	one := b.find(k)
	return one != nil && !one.calm.Load()
}

// admit lets a call through, or says why not. One that is a trial gets the breaker
// to which it must be told how it went.
func (b *breakers) admit(k key) (trial *breaker, _ *failure) {
	if !b.troubled(k) {
		return nil, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	one := b.find(k)
	if one == nil {
		return nil, nil
	}
	tries, refused := one.admit(time.Now())
	switch {
	case tries:
		trial = one
	case refused != nil && one.key == others:
		refused = &failure{refused.code, fmt.Errorf("%w: %w", errOthers, refused.cause)}
	}
	return trial, refused
}

// ended takes note of a call that was let through, and that nobody left behind.
func (b *breakers) ended(k key, s sign, trial *breaker) {
	if trial == nil && (s == signNone || s == signWell && !b.troubled(k)) {
		return
	}
	b.mu.Lock()
	one := trial
	switch {
	case one != nil:
	case s == signWell:
		one = b.find(k)
	default:
		one = b.made(k)
	}
	told := func() {}
	if one != nil {
		told = b.told(one, one.ended(s, trial != nil, time.Now()))
	}
	b.mu.Unlock()
	told()
}

// made returns the breaker for the failures of a key, its own while there is room.
// mu is held.
func (b *breakers) made(k key) *breaker {
	next := map[key]*breaker{}
	if all := b.all.Load(); all != nil {
		if one := (*all)[k]; one != nil {
			return one
		}
		maps.Copy(next, *all)
	}
	if k.rpc != "" && !b.room(next) {
		if k = others; next[k] != nil {
			return next[k]
		}
	}
	one := &breaker{key: key{k.point, strings.Clone(k.rpc)}}
	one.calm.Store(true)
	next[one.key] = one
	b.all.Store(&next)
	return one
}

// room makes room for one more name if it can. mu is held.
func (b *breakers) room(all map[key]*breaker) bool {
	names := func() (n int) {
		for k := range all {
			if k.rpc != "" {
				n++
			}
		}
		return n
	}
	if names() < maxRpcBreakers {
		return true
	}
	now := time.Now()
	for k, one := range all {
		if k.rpc != "" && one.stale(now) {
			delete(all, k)
			if !b.retired {
				b.r.metrics.breaker(b.r.game, b.hook.Name, k, false)
			}
		}
	}
	return names() < maxRpcBreakers
}

// retire ends what is shown of them when another version comes into use.
func (b *breakers) retire() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.retired = true
	if all := b.all.Load(); all != nil {
		for k := range *all {
			b.r.metrics.breaker(b.r.game, b.hook.Name, k, false)
		}
	}
}

// inherit gives hooks that stay the breakers that they have, and retires the others'.
func (s *set) inherit(old *set) {
	for _, was := range old.hooks {
		stays := false
		for _, h := range s.hooks {
			if h.same(was) {
				h.breakers, stays = was.breakers, true
			}
		}
		if !stays {
			was.breakers.retire()
		}
	}
}

// breakers are those of all hooks that somebody uses still.
func (r *Runner) breakers() (all []*breakers) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for s := range r.live {
		for _, h := range s.hooks {
			all = append(all, h.breakers)
		}
	}
	return all
}
