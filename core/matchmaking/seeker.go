package matchmaking

import (
	"errors"

	"go.uber.org/zap"
)

// seeker is an account that searches. One goroutine works on it, one search after
// another: an account never has two tickets. Its fields are guarded by the service's mu.
type seeker struct {
	account string
	// search is the one that goes on or is the next; nil: none.
	search *search
	// working: the goroutine is there.
	working bool
}

// start sees to it that somebody works on a search that was placed.
func (s *Service) start(q *search) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.seekers[q.account]
	if k == nil || k.search != q || k.working {
		return
	}
	k.working = true
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		s.work(k)
	}()
}

func (s *Service) work(k *seeker) {
	for q := s.next(k, nil); q != nil; q = s.next(k, q) {
		s.run(q)
	}
}

// next is the search to work on after done; nil ends the goroutine and forgets the seeker.
func (s *Service) next(k *seeker, done *search) *search {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k.search != nil && k.search != done {
		return k.search
	}
	delete(s.seekers, k.account)
	return nil
}

// run takes a search to its end and leaves nothing of it behind.
func (s *Service) run(q *search) {
	log := s.log.With(zap.String("account", q.account), zap.String("queue", q.queue.Name))
	defer q.deaf()
	defer func() {
		// A defect costs this search.
		if p := recover(); p != nil {
			log.Error("a search panicked", zap.Any("panic", p), zap.Stack("stack"))
			s.fail(q, ErrNoMatch, "failed")
		}
	}()
	if q.isOver() {
		return
	}
	if err := s.enter(q); err != nil {
		if !q.isOver() && !errors.Is(err, ErrAlreadySearching) {
			log.Warn("a search could not be entered", zap.Error(err))
		}
		s.fail(q, entering(err), "failed")
		return
	}
	ticket, err := s.create(q)
	left, kept := Search{Ticket: ticket, Node: s.node}, false
	switch {
	case err == nil:
		q.tell(func() { q.listener.Searching(ticket) })
		var used bool
		if used, kept = s.await(log, q, ticket); used {
			left.Ticket = ""
		}
	case !q.isOver():
		log.Warn("a search could not be entered", zap.Error(err))
		s.fail(q, ErrNotEntered, "failed")
	}
	if !kept {
		s.clean(log, q.account, left, q.wanted())
	}
}
