package local

import (
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
)

const (
	// poolStarts bounds the warm servers that start at a time: a pool that is
	// filled must not take the machine from matches that run. Starts that a match
	// waits for are bounded by the chain.
	poolStarts = 4
	// poolPause is the time between two tries when the machine has no room.
	poolPause = time.Second
)

// keepWarm keeps the pool filled until the fleet stops.
func (f *Fleet) keepWarm() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(f.fillPool(time.Now()))
		select {
		case <-f.poolWake:
		case <-timer.C:
		case <-f.stopped:
			return
		}
	}
}

// wakePool lets keepWarm look again.
func (f *Fleet) wakePool() {
	select {
	case f.poolWake <- struct{}{}:
	default:
	}
}

// fillPool starts what is missing and ends what is too much, and says when to
// look again if nothing happens before.
func (f *Fleet) fillPool(now time.Time) (next time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	next = time.Hour
	if !f.running {
		return next
	}
	var starting int
	var waiting []*server
	for _, s := range f.warm {
		switch since, ending := s.waits(); {
		case ending:
		case since.IsZero():
			starting++
		default:
			waiting = append(waiting, s)
		}
	}
	target := f.opts.Warm + min(f.opts.WarmBuffer, len(f.servers))
	missing := target - starting - len(waiting)
	if missing < 0 {
		return f.shrink(now, waiting[:min(-missing, len(waiting))])
	}
	hold := max(f.pauseTo.Sub(now), f.crashes.hold(now))
	for ; missing > 0 && starting < poolStarts && f.count() < f.opts.Max; missing, starting = missing-1, starting+1 {
		if hold > 0 {
			return hold
		}
		s := newWarm(f)
		f.warm = append(f.warm, s)
		f.wg.Go(s.run)
	}
	return next
}

// shrink ends the servers that waited for longer than Idle and are not needed;
// the caller holds the lock. It says when the next one has.
func (f *Fleet) shrink(now time.Time, surplus []*server) (next time.Duration) {
	next = time.Hour
	if f.opts.Idle == 0 {
		return next
	}
	for _, s := range surplus {
		since, _ := s.waits()
		if left := f.opts.Idle - now.Sub(since); left > 0 {
			next = min(next, left)
		} else {
			s.retire()
		}
	}
	return next
}

// claim takes a server for a match out of the pool, the one that has waited
// longest, else the one that is nearest to be ready; the caller holds the lock.
func (f *Fleet) claim(r allocation.Request) *server {
	for _, early := range []bool{false, true} {
		for i, s := range f.warm {
			if s.offer(r, early) {
				f.warm = append(f.warm[:i:i], f.warm[i+1:]...)
				f.servers[r.MatchID] = s
				f.wakePool()
				return s
			}
		}
	}
	return nil
}

// waits says since when a warm server has waited for a match.
func (s *server) waits() (since time.Time, ending bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting, s.ending
}

// retire ends a warm server, unless it has a match by now.
func (s *server) retire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.claimed {
		s.ending = true
		closeOnce(s.stop)
	}
}

// noteFailure keeps a fleet whose servers fail from starting the next at once.
func (f *Fleet) noteFailure(s *server, err error) {
	var c crash
	if errors.As(err, &c) {
		if since, _ := s.waits(); since.IsZero() || time.Since(since) < crashQuiet {
			f.crashes.failed(s.started, time.Now(), err)
		}
	}
	if !s.warm || errors.Is(err, errReleased) {
		return
	}
	s.log.Warn("a warm server ended without a match", zap.Error(err))
	if since, _ := s.waits(); since.IsZero() {
		f.mu.Lock()
		f.pauseTo = time.Now().Add(poolPause)
		f.mu.Unlock()
	}
}
