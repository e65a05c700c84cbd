package local

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/muster-gg/muster/core/allocation"
)

// matchName is what a match id must look like: it names files.
var matchName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$`)

// Allocate starts a server and returns when it is ready. Every error is None: a
// process that did not become ready is gone when Allocate returns. A second call
// for a match that has its server already returns that one.
func (f *Fleet) Allocate(ctx context.Context, r allocation.Request) (allocation.Server, error) {
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

// begin registers a new server and lets it start, or finds the one of this match.
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
	if len(f.servers) >= f.opts.Max {
		return nil, false, fmt.Errorf("%w: max = %d", allocation.ErrFull, f.opts.Max)
	}
	s = newServer(f, r)
	f.servers[r.MatchID] = s
	f.wg.Go(s.run)
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

// Find returns the server of a match while it runs. One that is ending is not found.
func (f *Fleet) Find(_ context.Context, game, matchID string) (allocation.Server, bool, error) {
	s := f.find(game, matchID)
	if s == nil || s.stopping() {
		return allocation.Server{}, false, nil
	}
	select {
	case <-s.settled:
		return s.answer, s.err == nil, nil
	default:
		return allocation.Server{}, false, nil
	}
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
	delete(f.servers, s.matchID)
}
