package matchmaking

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/gameflow"
)

const (
	// retries, firstPause and maxPause say how a call that failed is tried again.
	retries    = 5
	firstPause = time.Second
	maxPause   = 10 * time.Second
	// pollFor is how long the platform may hold one question for a ticket's server.
	pollFor = 20 * time.Second
	// pollEvery bounds how often it is asked, should it not hold any.
	pollEvery = time.Second
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
		log.Warn("a search could not be entered", zap.Error(err))
		s.fail(q, entering(err), "failed")
		return
	}
	ticket, err := s.create(q)
	switch {
	case err == nil:
		q.tell(func() { q.listener.Searching(ticket) })
		if s.await(log, q, ticket) {
			ticket = "" // used up
		}
	case !q.isOver():
		log.Warn("a search could not be entered", zap.Error(err))
		s.fail(q, ErrNotEntered, "failed")
	}
	s.clean(log, q.account, ticket)
}

// create enters the ticket and saves it. It is not cut short when the search ends: a
// ticket whose id nobody knows cannot be deleted. After an error the id, where there
// is one, is that of a ticket that nobody was told of.
func (s *Service) create(q *search) (id string, err error) {
	k := gameflow.Ticket{PlayerID: q.account, Mode: q.queue.Mode}
	if s.regions != nil {
		k.Region = s.regions.Best(s.ctx, q.account)
	}
	if err := q.ctx.Err(); err != nil {
		return "", err
	}
	err = insist(q.ctx, func() (err error) {
		id, err = s.tickets.Create(s.ctx, k)
		return err
	})
	if err != nil {
		return "", err
	}
	return id, s.keep(q, id)
}

// await waits for the server of a ticket and reports whether the ticket was used up.
func (s *Service) await(log *zap.Logger, q *search, ticket string) (used bool) {
	ctx, cancel := context.WithDeadline(q.ctx, q.begun.Add(q.queue.Limit))
	defer cancel()
	for ctx.Err() == nil {
		begun := time.Now()
		deadline, _ := ctx.Deadline()
		var server allocation.Server
		var found bool
		err := insist(ctx, func() (err error) {
			server, found, err = s.tickets.Await(ctx, ticket, min(pollFor, time.Until(deadline).Round(time.Second)))
			return err
		})
		switch {
		case err == nil && found:
			return s.found(log, q, server)
		case ctx.Err() != nil:
		case err != nil:
			log.Warn("a search failed", zap.String("ticket", ticket), zap.Error(err))
			f := ErrNoMatch
			if gameflow.Transient(err) {
				f = ErrUnavailable
			}
			s.fail(q, f, "failed")
			return false
		default:
			pause(ctx, pollEvery-time.Since(begun))
		}
	}
	if q.isOver() {
		return false
	}
	return s.giveUp(log, q, ticket)
}

// giveUp ends a search that has lasted too long. A ticket that is gone may have been
// matched this very moment: others would wait for its player.
func (s *Service) giveUp(log *zap.Logger, q *search, ticket string) (used bool) {
	gone, err := s.tickets.Delete(q.ctx, ticket, q.account)
	if err == nil && gone {
		if server, found, err := s.tickets.Await(q.ctx, ticket, pollEvery); err == nil && found {
			return s.found(log, q, server)
		}
	}
	s.fail(q, ErrNoMatch, "timeout")
	return err == nil
}

// found ends a search with its server.
func (s *Service) found(log *zap.Logger, q *search, server allocation.Server) bool {
	m, err := s.matchOf(q.ctx, server)
	if err != nil && q.ctx.Err() == nil {
		log.Error("a match that was found could not be kept", zap.Error(err))
	}
	if err != nil {
		s.fail(q, ErrNoMatch, "failed")
		return true
	}
	if q.end(func() { q.listener.Found(m) }) {
		s.ended(q, "found")
		log.Info("match found", zap.String("match", m.ID), zap.Duration("took", time.Since(q.begun)))
	}
	return true
}

// clean deletes what is left of a search: its ticket, "" when there is none, and its
// document, unless the node ends meanwhile.
func (s *Service) clean(log *zap.Logger, account, ticket string) {
	if ticket != "" {
		select {
		case s.cleaning <- struct{}{}:
			defer func() { <-s.cleaning }()
		case <-s.ctx.Done():
			return
		}
		err := insist(s.closing, func() error {
			_, err := s.tickets.Delete(s.ctx, ticket, account)
			return err
		})
		if err != nil && s.closing.Err() != nil {
			return
		}
		if err != nil {
			log.Warn("a ticket could not be deleted; the platform may still match it", zap.String("ticket", ticket), zap.Error(err))
		}
	}
	if err := s.forget(account); err != nil {
		log.Warn("a search could not be forgotten yet", zap.Error(err))
	}
}

// insist calls f until it works, fails for good or has failed too often. It does not
// try again once stop has ended.
func insist(stop context.Context, f func() error) error {
	wait := firstPause
	for n := 0; ; n++ {
		err := f()
		if err == nil || n == retries || !gameflow.Transient(err) || !pause(stop, wait) {
			return err
		}
		wait = min(2*wait, maxPause)
	}
}

// pause waits, and reports whether ctx goes on.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
