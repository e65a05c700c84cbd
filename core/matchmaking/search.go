package matchmaking

import (
	"context"
	"sync"
	"time"

	"github.com/muster-gg/muster/core/fault"
)

// search is one search of an account, from its request to its last word.
type search struct {
	account  string
	queue    Queue
	begun    time.Time
	listener Listener
	// ctx ends when the search is over.
	ctx    context.Context
	cancel context.CancelFunc
	// deaf ends the watch of the socket's life.
	deaf func() bool

	mu   sync.Mutex
	over bool
	// left: it is over because the socket has gone, whose player may come back.
	left bool
}

// Find begins a search in a queue, "" for the first one, and returns at once: how it
// goes is told to l. It ends with life, the socket's context. Errors are
// *fault.Error: l is told nothing then.
func (s *Service) Find(life context.Context, account, queue string, l Listener) error {
	where, known := s.queues[queue]
	if !known {
		return ErrNotEntered
	}
	if err := life.Err(); err != nil {
		return fault.From(err)
	}
	ctx, cancel := context.WithCancel(s.ctx)
	q := &search{account: account, queue: where, begun: time.Now(), listener: l, ctx: ctx, cancel: cancel}
	q.deaf = context.AfterFunc(life, func() { s.leave(q) })
	if err := s.place(q); err != nil {
		q.deaf()
		q.end(nil)
		return err
	}
	s.start(q)
	return nil
}

// place makes q its account's search.
func (s *Service) place(q *search) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.seekers[q.account]
	switch {
	case s.draining:
		return fault.Draining
	case k != nil && k.search != nil && !k.search.isOver():
		return ErrAlreadySearching
	case k == nil && len(s.seekers) >= maxSearches:
		return ErrUnavailable
	case k == nil:
		k = &seeker{account: q.account}
		s.seekers[q.account] = k
	}
	k.search = q
	return nil
}

// Cancel ends an account's search and returns its listener, which is told no more;
// nil when nothing was searched.
func (s *Service) Cancel(account string) Listener {
	s.mu.Lock()
	var q *search
	if k := s.seekers[account]; k != nil {
		q = k.search
	}
	s.mu.Unlock()
	if q == nil || !q.end(nil) {
		return nil
	}
	s.ended(q, "cancelled")
	return q.listener
}

// leave ends a search whose socket has gone.
func (s *Service) leave(q *search) {
	if q.end(func() { q.left = true }) {
		s.ended(q, "cancelled")
	}
}

// fail ends a search with what its player is told.
func (s *Service) fail(q *search, f *fault.Error, outcome string) {
	if q.end(func() { q.listener.Failed(f) }) {
		s.ended(q, outcome)
	}
}

func (s *Service) ended(q *search, outcome string) {
	s.metrics.SearchEnded(q.queue.Name, outcome, time.Since(q.begun))
}

// end makes the search be over, with a last word to its listener unless that is
// nil. It reports false when it was over already.
func (q *search) end(last func()) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.over {
		return false
	}
	q.over = true
	q.cancel()
	if last != nil {
		last()
	}
	return true
}

// tell calls f unless the search is over.
func (q *search) tell(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.over {
		f()
	}
}

func (q *search) isOver() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.over
}

// wanted reports whether its player would still go to a match.
func (q *search) wanted() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.over || q.left
}
