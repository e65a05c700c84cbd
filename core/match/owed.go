package match

import (
	"context"
	"time"

	"github.com/muster-gg/muster/core/store"
)

// oweAtMost is the longest pause between two tries to end a match.
const oweAtMost = 15 * time.Second

// debt is an end that could not be recorded or told yet.
type debt struct {
	end    store.Match
	next   time.Time // when it is tried
	wait   time.Duration
	paying bool
}

// owe keeps an end that could not be recorded or told, for the sweep to try again.
// There is at most one for every live match.
func (s *Service) owe(matchID string, end store.Match) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.owed[matchID]
	if d == nil {
		d = &debt{wait: sweepEvery}
		s.owed[matchID] = d
	} else {
		d.wait = min(2*d.wait, oweAtMost)
	}
	d.end, d.next, d.paying = end, time.Now().Add(d.wait), false
}

// payOwed tries again the ends that are due. One of a match whose result is being
// taken waits for that.
func (s *Service) payOwed(ctx context.Context) {
	now := time.Now()
	due := map[string]*debt{}
	s.mu.Lock()
	for id, d := range s.owed {
		if s.turns[id] == nil && !d.next.After(now) {
			d.paying = true
			due[id] = d
		}
	}
	s.mu.Unlock()
	for id, d := range due {
		live, err := s.live(ctx, id)
		if err == nil && live != nil {
			_, err = s.finish(ctx, live, d.end) // owes it again when it cannot be told
		}
		if err != nil {
			s.owe(id, d.end)
		}
		s.mu.Lock()
		if d.paying { // nobody owes it again
			delete(s.owed, id)
		}
		s.mu.Unlock()
	}
}

// ending reports whether somebody on this node works on the end of a match.
func (s *Service) ending(matchID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.turns[matchID] != nil
}
