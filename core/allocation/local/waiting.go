package local

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
)

// errLost says that a warm server ended before it had the match.
var errLost = errors.New("the warm server ended before it had its match")

// newWarm is a server without a match. Its id has a dot, which no match id has.
func newWarm(f *Fleet) *server {
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // never fails
	s := newServer(f, allocation.Request{})
	s.id, s.warm, s.claimed = "warm."+hex.EncodeToString(raw[:]), true, false
	s.log = f.log.With(zap.String("server", s.id))
	return s
}

// offer gives a warm server a match, if it has none and can take it: now, or as
// soon as it is ready when early is asked for. It has one match in its life.
func (s *server) offer(r allocation.Request, early bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.claimed || s.ending:
		return false
	case s.waiting.IsZero() && !early:
		return false
	case !s.waiting.IsZero() && !s.object.available():
		return false
	}
	s.claimed, s.request = true, r
	close(s.offered)
	return true
}

// awaitMatch keeps a warm server that was ready until it is handed its match.
func (s *server) awaitMatch() error {
	s.mu.Lock()
	s.waiting = time.Now()
	s.mu.Unlock()
	s.log.Info("server waits for a match", zap.Int("pid", s.proc.pid))
	s.fleet.wakePool()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if s.stopping() {
			return errReleased
		}
		end, next := s.object.overdue(time.Now(), s.fleet.opts.HealthTimeout, 0)
		if end != 0 {
			return crash{fmt.Errorf("%w: %s", errLost, end)}
		}
		timer.Reset(next)
		var offered <-chan struct{}
		if s.object.available() {
			offered = s.offered
		}
		select {
		case <-offered:
			return s.takeMatch()
		case <-s.object.reservedFor():
			s.object.endReserve()
		case <-s.proc.exited:
			return crash{fmt.Errorf("%w: %s", errLost, s.proc.exit)}
		case <-s.excess:
			return crash{fmt.Errorf("%w: %w", errLost, s.excessive)}
		case <-s.abort:
			return fmt.Errorf("the start was given up: %w", s.stopCause())
		case <-s.stop:
			s.object.set(stateShutdown)
			return errReleased
		case <-s.object.changed:
		case <-timer.C:
		}
	}
}

// takeMatch hands over the match that was offered. As with a new server, the
// record says so first.
func (s *server) takeMatch() error {
	s.log = s.fleet.log.With(zap.String("match", s.match()), zap.String("server", s.id))
	payload, err := s.payload()
	if err != nil {
		return err
	}
	if err := s.fleet.records.write(s.record(true)); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	if !s.object.assign(payload) {
		return crash{fmt.Errorf("%w: it is %s", errLost, s.object.current())}
	}
	if s.fleet.opts.LogDir != "" {
		s.output.rename(s.fleet.logPath(s.match()))
	}
	return nil
}
