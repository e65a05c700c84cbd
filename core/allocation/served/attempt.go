package served

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
)

// callKey names a call: a digest of the caller's two keys.
type callKey [sha256.Size]byte

// attempt is one way through the chain, for all calls of one key.
type attempt struct {
	key    callKey
	keyed  bool
	asks   [sha256.Size]byte // what for
	cancel context.CancelFunc

	// Guarded by the service's mu.
	waiting int
	told    bool // somebody knows the outcome
	ended   time.Time

	note Note          // run's until done is closed
	done chan struct{} // closed when the rest is there
	err  error
}

// server is what was made; the zero value if nothing was. Read after done.
func (a *attempt) server() allocation.Server {
	if a.err != nil || a.note.Server == nil {
		return allocation.Server{}
	}
	return *a.note.Server
}

// join takes a call up, or finds the attempt of an earlier one with its key.
func (s *Service) join(c Call) (*attempt, error) {
	a := &attempt{
		note: Note{ID: newMatchID(), Region: c.Region}, waiting: 1, done: make(chan struct{}), asks: digest(c.Region, c.Payload),
	}
	if c.IdempotencyKey != "" {
		a.keyed, a.key = true, digest(c.APIKey, c.IdempotencyKey)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	if old, ok := s.kept.Get(a.key); ok && a.keyed && !old.expired() {
		if old.asks != a.asks {
			return nil, ErrReused
		}
		old.waiting++
		s.callers.Add(1)
		return old, nil
	}
	if s.calls >= maxCalls {
		return nil, ErrBusy
	}
	s.calls++
	s.callers.Add(1)
	if a.keyed {
		s.kept.Add(a.key, a)
	}
	var ctx context.Context
	if c.Timeout > 0 {
		ctx, a.cancel = context.WithTimeout(s.ctx, c.Timeout)
	} else {
		ctx, a.cancel = context.WithCancel(s.ctx)
	}
	s.wg.Go(func() { s.run(ctx, a, c) })
	return a, nil
}

// leave ends a caller's wait; told says that he knows the outcome. The last one
// who goes without it ends the attempt.
func (s *Service) leave(a *attempt, told bool) {
	s.mu.Lock()
	a.waiting--
	first := told && !a.told
	a.told = a.told || told
	unwanted := a.waiting == 0 && !a.told
	over, failed := !a.ended.IsZero(), a.err != nil
	if unwanted && !failed {
		s.forget(a)
	}
	s.mu.Unlock()
	switch {
	case unwanted && !over:
		a.cancel()
	case failed: // run has seen to it
	case unwanted:
		s.giveBack(a.note, unwantedCause)
	case first:
		s.log.Info("a server was lent", zap.String("server", a.note.ID), zap.String("provider", a.note.Provider))
		s.settled(a.note)
	}
}

// run gets the server.
func (s *Service) run(ctx context.Context, a *attempt, c Call) {
	defer a.cancel()
	err := s.make(ctx, a, c)
	s.mu.Lock()
	a.err, a.ended = err, time.Now()
	unwanted := a.waiting == 0
	s.calls--
	// What surely made no server may be tried again under the same key.
	if unwanted && err == nil || err != nil && !allocation.IsUnknown(err) {
		s.forget(a)
	}
	close(a.done)
	s.mu.Unlock()
	switch {
	case allocation.IsUnknown(err):
		s.giveBack(a.note, fmt.Sprint(err))
	case err != nil:
		s.settled(a.note)
	case unwanted:
		s.giveBack(a.note, unwantedCause)
	}
}

// make asks the chain. Before a provider is asked that is saved, and before a
// caller may be told of its server that too.
func (s *Service) make(ctx context.Context, a *attempt, c Call) error {
	server, err := s.chain.Allocate(ctx, allocation.Request{
		Game: s.game, MatchID: a.note.ID, Region: c.Region,
		// The payload is the caller's: its results go where it says.
		Payload: func(string) ([]byte, error) { return []byte(c.Payload), nil },
		Asking: func(ctx context.Context, provider string) error {
			a.note.Provider = provider
			return s.save(ctx, a.note, false)
		},
	})
	if err != nil {
		return err
	}
	a.note.Provider, a.note.Server = server.Provider, &server
	saving, cancel := s.cleanup()
	defer cancel()
	if err := s.save(saving, a.note, false); err != nil {
		return allocation.ErrUnknown.With(&allocation.UnknownError{Provider: server.Provider, Cause: fmt.Errorf("its server could not be saved: %w", err)})
	}
	return nil
}

// forget makes the key mean nothing any more. Guarded by mu.
func (s *Service) forget(a *attempt) {
	if now, ok := s.kept.Peek(a.key); ok && now == a {
		s.kept.Remove(a.key)
	}
}

func (a *attempt) expired() bool { return !a.ended.IsZero() && time.Since(a.ended) > keptFor }

// digest is one for two texts, whatever is in them.
func digest(a, b string) [sha256.Size]byte {
	first, second := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return sha256.Sum256(append(first[:], second[:]...))
}
