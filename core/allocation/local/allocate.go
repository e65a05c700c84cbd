package local

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/muster-gg/muster/core/allocation"
)

// matchName is what a match id must look like: it names files.
var matchName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$`)

// Allocate starts a server and returns when it is ready. Every error is None: a
// process that did not become ready is gone when Allocate returns. A second call
// for a match that has its server already returns that one.
//
// A warm server that waits is handed the match at once. One that ends in that
// moment surely never had it, so the next one is taken.
func (f *Fleet) Allocate(ctx context.Context, r allocation.Request) (allocation.Server, error) {
	for {
		server, err := f.try(ctx, r)
		if !errors.Is(err, errLost) || ctx.Err() != nil {
			return server, err
		}
	}
}

func (f *Fleet) try(ctx context.Context, r allocation.Request) (allocation.Server, error) {
	s, mine, err := f.begin(r)
	if err != nil {
		return allocation.Server{}, allocation.None(err)
	}
	select {
	case <-s.settled:
	case <-ctx.Done():
		if !mine {
			// The server is another call's; whether it comes is open.
			return allocation.Server{}, ctx.Err()
		}
		s.abortOnce(ctx.Err())
		<-s.settled
	}
	return s.answer, s.err
}

// begin finds the server of this match, takes a warm one, or lets a new one start.
func (f *Fleet) begin(r allocation.Request) (s *server, mine bool, err error) {
	if r.Game != f.opts.Game || !matchName.MatchString(r.MatchID) {
		return nil, false, fmt.Errorf("game %q, match %q: not of this fleet", r.Game, r.MatchID)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.running {
		return nil, false, errors.New("the fleet is not running")
	}
	if s := f.servers[r.MatchID]; s != nil {
		if s.stopping() {
			return nil, false, errors.New("the server of this match is ending")
		}
		return s, false, nil
	}
	if s := f.claim(r); s != nil {
		return s, true, nil
	}
	if f.count() >= f.opts.Max {
		return nil, false, fmt.Errorf("%w: max = %d", allocation.ErrFull, f.opts.Max)
	}
	if err := f.crashes.held(time.Now()); err != nil {
		return nil, false, err
	}
	s = newServer(f, r)
	f.servers[r.MatchID] = s
	f.wg.Go(s.run)
	f.wakePool()
	return s, true, nil
}

// Release ends the server of a match: SIGTERM, the grace, SIGKILL. It returns at
// once; the fleet waits for the process in the background.
func (f *Fleet) Release(_ context.Context, game, matchID string) error {
	if s := f.find(game, matchID); s != nil {
		s.stopOnce(true)
	}
	return nil
}

// Find returns the server of a match while it runs. One that is ending is not
// found; one that is not ready yet is waited for.
func (f *Fleet) Find(ctx context.Context, game, matchID string) (allocation.Server, bool, error) {
	s := f.find(game, matchID)
	if s == nil || s.stopping() {
		return allocation.Server{}, false, nil
	}
	select {
	case <-s.settled:
		return s.answer, s.err == nil, nil
	case <-ctx.Done():
		return allocation.Server{}, false, ctx.Err()
	}
}

// Matches returns the ids of the matches whose servers run.
func (f *Fleet) Matches(_ context.Context, game string) (ids []string, err error) {
	if game != f.opts.Game {
		return nil, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, s := range f.servers {
		if !s.stopping() {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (f *Fleet) find(game, matchID string) *server {
	if game != f.opts.Game {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.servers[matchID]
}

// forget frees a server's place. Its process is gone.
func (f *Fleet) forget(s *server) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if id := s.match(); f.servers[id] == s {
		delete(f.servers, id)
	}
	f.warm = slices.DeleteFunc(f.warm, func(w *server) bool { return w == s })
	f.wakePool()
}
