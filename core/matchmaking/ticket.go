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

// await waits for the server of a ticket. used: the ticket is spent or deleted. kept:
// the search's document has become that of its match.
func (s *Service) await(log *zap.Logger, q *search, ticket string) (used, kept bool) {
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
			return true, s.found(log, q, server)
		case ctx.Err() != nil:
		case err != nil:
			log.Warn("a search failed", zap.String("ticket", ticket), zap.Error(err))
			f := ErrNoMatch
			if gameflow.Transient(err) {
				f = ErrUnavailable
			}
			s.fail(q, f, "failed")
			return false, false
		default:
			pause(ctx, pollEvery-time.Since(begun))
		}
	}
	if q.isOver() {
		return false, false
	}
	return s.giveUp(log, q, ticket)
}

// giveUp ends a search that has lasted too long. A ticket that is gone may have been
// matched this very moment: others would wait for its player.
func (s *Service) giveUp(log *zap.Logger, q *search, ticket string) (used, kept bool) {
	gone, err := s.tickets.Delete(q.ctx, ticket, q.account)
	if err == nil && gone {
		if server, found, err := s.tickets.Await(q.ctx, ticket, pollEvery); err == nil && found {
			return true, s.found(log, q, server)
		}
	}
	s.fail(q, ErrNoMatch, "timeout")
	return err == nil, false
}

// found ends a search with its server, saved before it is told. It reports whether the
// search's document is the match's now: a player whose socket has gone is told when he
// is back.
func (s *Service) found(log *zap.Logger, q *search, server allocation.Server) (kept bool) {
	m, err := s.matchOf(server)
	if err == nil {
		err = s.assign(q.account, m)
	}
	if err != nil {
		log.Error("a match that was found could not be kept", zap.Error(err))
		s.fail(q, ErrNoMatch, "failed")
		return false
	}
	if q.end(func() { q.listener.Found(m) }) {
		s.ended(q, "found")
		log.Info("match found", zap.String("match", m.ID), zap.Duration("took", time.Since(q.begun)))
		return true
	}
	if q.wanted() {
		return true
	}
	if err := s.forget(q.account, ""); err != nil {
		log.Warn("a match that nobody wants could not be forgotten; it is by itself", zap.Error(err))
	}
	return false
}

// clean deletes what is left of a search: its ticket, if there is one, and its
// document, unless the node ends meanwhile. A ticket that turns out to be matched is
// kept for a player who is wanted there.
func (s *Service) clean(log *zap.Logger, account string, left Search, wanted bool) {
	if ticket := left.Ticket; ticket != "" {
		select {
		case s.cleaning <- struct{}{}:
			defer func() { <-s.cleaning }()
		case <-s.ctx.Done():
			return
		}
		var gone bool
		err := insist(s.closing, func() (err error) {
			gone, err = s.tickets.Delete(s.ctx, ticket, account)
			return err
		})
		if err != nil && s.closing.Err() != nil {
			return
		}
		if err != nil {
			log.Warn("a ticket could not be deleted; the platform may still match it", zap.String("ticket", ticket), zap.Error(err))
		}
		if wanted && gone && s.foundLate(log, account, ticket) {
			return
		}
	}
	if err := s.forget(account, left.Node); err != nil {
		log.Warn("a search could not be forgotten yet", zap.Error(err))
	}
}

// foundLate keeps the match of a ticket whose player is away.
func (s *Service) foundLate(log *zap.Logger, account, ticket string) bool {
	server, found, err := s.tickets.Await(s.ctx, ticket, pollEvery)
	if err != nil || !found {
		return false
	}
	m, err := s.matchOf(server)
	if err == nil {
		err = s.assign(account, m)
	}
	if err != nil {
		log.Error("a match that was found could not be kept", zap.Error(err))
		return false
	}
	log.Info("match found for a player who is away", zap.String("match", m.ID))
	return true
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
