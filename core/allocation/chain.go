package allocation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"
)

// Entry is one provider of a chain.
type Entry struct {
	// Name is unique in the chain; Server.Provider carries it.
	Name     string
	Provider Provider
	Limits   Limits
	// AskUnknown: a provider that is a Finder is asked what became of a try whose
	// outcome is unknown, before the chain gives up.
	AskUnknown bool
}

// Metrics is told how each try of an entry went.
type Metrics interface {
	// AllocationTried counts one try. outcome is "ok", "none", "unknown",
	// "found" and "asked" (unknown, but the provider knows the server, or that there
	// is none), "full", "open" (breaker), "busy" (no place in time) or "cancelled" (by
	// the caller, or by Request.Asking).
	AllocationTried(provider, outcome string, took time.Duration)
}

// Options make a Chain.
type Options struct {
	// Entries are tried in this order.
	Entries []Entry
	// Breaker is the same for every entry.
	Breaker Breaker
	// Logger may be nil.
	Logger *zap.Logger
	// Metrics may be nil.
	Metrics Metrics
}

// Chain tries providers in order. The next one is tried only when the one
// before surely made no server. It is safe for concurrent use and starts no
// goroutines.
type Chain struct {
	entries []*entry
	log     *zap.Logger
	metrics Metrics
}

// NewChain checks the entries. A chain without entries is valid: every
// Allocate fails.
func NewChain(o Options) (*Chain, error) {
	c := &Chain{log: o.Logger, metrics: o.Metrics}
	if c.log == nil {
		c.log = zap.NewNop()
	}
	for _, e := range o.Entries {
		switch {
		case e.Name == "" || e.Provider == nil:
			return nil, errors.New("allocation: an entry needs a name and a provider")
		case e.Limits.Timeout <= 0:
			return nil, fmt.Errorf("allocation: entry %q needs a timeout", e.Name)
		case c.entry(e.Name) != nil:
			return nil, fmt.Errorf("allocation: two entries are named %q", e.Name)
		}
		c.entries = append(c.entries, newEntry(e, o.Breaker.withDefaults()))
	}
	return c, nil
}

// Budget is the longest that Allocate takes: the entries' timeouts together.
func (c *Chain) Budget() time.Duration {
	var sum time.Duration
	for _, e := range c.entries {
		sum += e.Limits.Timeout
		if e.AskUnknown {
			sum += askTimeout
		}
	}
	return sum
}

// Allocate gets a server for a match. Its errors are ErrFailed (surely no
// server) and ErrUnknown (see UnknownProvider); both are faults whose text may
// be shown. A cancelled ctx ends the try under way and the chain. The entry that
// the request prefers comes first, the rest in their order.
func (c *Chain) Allocate(ctx context.Context, r Request) (Server, error) {
	var tried []error
	for _, e := range c.order(r) {
		begun := time.Now()
		s, how, err := e.try(ctx, r)
		if c.metrics != nil {
			c.metrics.AllocationTried(e.Name, how, time.Since(begun))
		}
		if err == nil {
			s.Provider = e.Name
			if s.Region == "" {
				s.Region = r.Region
			}
			return s, nil
		}
		c.log.Warn("no server", zap.String("game", r.Game), zap.String("match", r.MatchID),
			zap.String("provider", e.Name), zap.String("outcome", how), zap.Error(err))
		if !IsNone(err) {
			return Server{}, ErrUnknown.With(&UnknownError{Provider: e.Name, Cause: err})
		}
		tried = append(tried, fmt.Errorf("%s: %w", e.Name, err))
		if ctx.Err() != nil {
			break
		}
	}
	if len(tried) == 0 {
		tried = append(tried, errors.New("no provider is configured"))
	}
	return Server{}, ErrFailed.With(errors.Join(tried...))
}

// order is the entries as a request wants them tried.
func (c *Chain) order(r Request) []*entry {
	if r.Prefer == "" {
		return c.entries
	}
	at := slices.IndexFunc(c.entries, func(e *entry) bool { return e.Name == r.Prefer })
	if at < 0 {
		c.log.Warn("a hook prefers a provider that the game does not have", zap.String("game", r.Game),
			zap.String("match", r.MatchID), zap.String("provider", r.Prefer))
		return c.entries
	}
	first := []*entry{c.entries[at]}
	return append(append(first, c.entries[:at]...), c.entries[at+1:]...)
}

// Release ends the server that the entry named provider made for a match. It is
// no error when there is none.
func (c *Chain) Release(ctx context.Context, provider, game, matchID string) (err error) {
	e := c.entry(provider)
	if e == nil {
		return fmt.Errorf("%w: %q", ErrNoProvider, provider)
	}
	defer recovered(&err)
	return e.Provider.Release(ctx, game, matchID)
}

// ReleaseServer is Release where it is known which server the match has.
func (c *Chain) ReleaseServer(ctx context.Context, game, matchID string, s Server) (err error) {
	e := c.entry(s.Provider)
	if e == nil {
		return fmt.Errorf("%w: %q", ErrNoProvider, s.Provider)
	}
	r, ok := e.Provider.(ServerReleaser)
	if !ok {
		return c.Release(ctx, s.Provider, game, matchID)
	}
	defer recovered(&err)
	return r.ReleaseServer(ctx, game, matchID, s)
}

// Find asks the entry named provider whether it made a server for a match. It
// is ErrCannotFind for a provider that is no Finder.
func (c *Chain) Find(ctx context.Context, provider, game, matchID string) (s Server, found bool, err error) {
	e := c.entry(provider)
	if e == nil {
		return Server{}, false, fmt.Errorf("%w: %q", ErrNoProvider, provider)
	}
	f, ok := e.Provider.(Finder)
	if !ok {
		return Server{}, false, ErrCannotFind
	}
	defer recovered(&err)
	if s, found, err = f.Find(ctx, game, matchID); err != nil || !found {
		return Server{}, false, err
	}
	s.Provider = e.Name
	return s, true, s.Validate()
}

// Matches returns the ids of the matches whose servers the entry named provider
// has. It is ErrCannotList for a provider that is no Lister.
func (c *Chain) Matches(ctx context.Context, provider, game string) (ids []string, err error) {
	e := c.entry(provider)
	if e == nil {
		return nil, fmt.Errorf("%w: %q", ErrNoProvider, provider)
	}
	l, ok := e.Provider.(Lister)
	if !ok {
		return nil, ErrCannotList
	}
	defer recovered(&err)
	return l.Matches(ctx, game)
}

func (c *Chain) entry(name string) *entry {
	for _, e := range c.entries {
		if e.Name == name {
			return e
		}
	}
	return nil
}
