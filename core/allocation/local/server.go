package local

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
)

// server is one process with its sidecar. Its goroutine runs it from start to
// end; everybody else only closes its channels.
type server struct {
	fleet *Fleet
	// id names its files: the match's id, or for a warm server one that no match has.
	id   string
	warm bool // it was started without a match
	log  *zap.Logger

	started time.Time
	ports   []int
	object  *gameServer
	sidecar *sidecar
	output  *output
	proc    *process

	// settled is closed when answer and err stand, gone when the process and all
	// that it had is gone.
	settled, gone chan struct{}
	answer        allocation.Server
	err           error

	mu        sync.Mutex
	request   allocation.Request
	launched  bool      // what launch made stands
	claimed   bool      // it has a match, or is about to be handed it
	waiting   time.Time // since when a warm server has been ready
	ending    bool      // Find and Allocate no longer see it
	released  bool      // by Release: its match needs no report
	cause     error
	offered   chan struct{} // there is a match for a warm server
	abort     chan struct{} // the caller gave up: counts only before it is ready
	stop      chan struct{} // Release or Stop
	hurry     chan struct{} // the grace is over
	excess    chan struct{} // it uses too much memory; excessive says how much
	excessive error

	observing sync.Mutex // one call of the observer at a time
}

func newServer(f *Fleet, r allocation.Request) *server {
	return &server{
		fleet: f, id: r.MatchID, request: r, claimed: true, started: time.Now(), log: f.log.With(zap.String("match", r.MatchID)),
		settled: make(chan struct{}), gone: make(chan struct{}), offered: make(chan struct{}),
		abort: make(chan struct{}), stop: make(chan struct{}), hurry: make(chan struct{}), excess: make(chan struct{}),
	}
}

// run is the life of a server: launch, ready, a match, serve, end.
func (s *server) run() {
	err := s.launch()
	if err == nil {
		s.setLaunched()
		err = s.awaitReady()
	}
	if err == nil && s.warm {
		err = s.awaitMatch()
	}
	if err != nil {
		s.fail(err)
		return
	}
	s.fleet.crashes.succeeded()
	close(s.settled)
	s.log.Info("server is ready", zap.Int("pid", s.proc.pid), zap.Int("port", s.answer.Port))

	end := s.serve()
	s.setEnding()
	told := make(chan struct{})
	go func() {
		defer close(told)
		s.tellEnded(end)
	}()
	s.proc.end(s.fleet.opts.StopGrace, s.hurry)
	s.cleanUp()
	how := "stopped"
	if end != 0 {
		how = end.String()
	}
	s.log.Info("server is gone", zap.String("end", how), zap.String("exit", s.proc.exit.String()))
	s.fleet.forget(s)
	close(s.gone)
	<-told
	s.sidecar.wait()
	if s.reported(end) {
		s.fleet.records.remove(s.id)
	}
}

// fail ends a server that was not handed a match. The caller learns it when
// nothing is left of the server, so that he may have another one.
func (s *server) fail(err error) {
	grace := time.Duration(0)
	if claimed, waited := s.setEnding(); !claimed && waited {
		// Nobody waits for its place.
		grace = s.fleet.opts.StopGrace
	}
	if s.proc != nil {
		s.proc.end(grace, s.hurry)
	}
	s.cleanUp()
	if s.warm && errors.Is(err, errReleased) && s.output != nil {
		s.output.remove()
	}
	s.fleet.records.remove(s.id)
	err = s.explain(err)
	s.fleet.noteFailure(s, err)
	s.err = allocation.None(err)
	s.fleet.forget(s)
	close(s.gone)
	close(s.settled)
}

var errReleased = errors.New("the server was released before it was ready")

// awaitReady waits until the server can be handed its match, and hands it over.
// The record says so before the caller knows: whatever happens to us from then
// on, the next run reports the server.
func (s *server) awaitReady() error {
	limit := time.NewTimer(s.fleet.opts.Timeout)
	defer limit.Stop()
	for {
		if s.stopping() {
			return errReleased
		}
		reserved := s.object.reservedFor()
		switch now := s.object.current(); now {
		case stateReady, stateAllocated, stateShutdown:
			if s.warm && now != stateShutdown {
				return nil
			}
			if !s.warm {
				if err := s.fleet.records.write(s.record(true)); err != nil {
					return fmt.Errorf("record: %w", err)
				}
				if s.object.handOver() {
					return nil
				}
			}
			if s.object.current() == stateShutdown {
				return crash{errors.New("it asked for shutdown before it was ready")}
			}
		}
		select {
		case <-s.object.changed:
		case <-reserved:
			s.object.endReserve()
		case <-s.proc.exited:
			return crash{fmt.Errorf("it ended before it was ready: %s", s.proc.exit)}
		case <-limit.C:
			return crash{fmt.Errorf("it was not ready within %s", s.fleet.opts.Timeout)}
		case <-s.excess:
			return crash{s.excessive}
		case <-s.abort:
			return fmt.Errorf("the start was given up: %w", s.stopCause())
		case <-s.stop:
			return errReleased
		}
	}
}

// serve watches over a server that has a match until it ends, or until it is to
// be ended, which is no End.
func (s *server) serve() allocation.End {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		end, next := s.object.overdue(time.Now(), s.fleet.opts.HealthTimeout, s.fleet.opts.Idle)
		if end != 0 {
			return end
		}
		s.followPlayers()
		timer.Reset(next)
		select {
		case <-s.stop:
			s.object.set(stateShutdown)
			return 0
		case <-s.proc.exited:
			// A result that was sent just before the exit comes before the end.
			s.sidecar.drain()
			if s.proc.exit.clean() {
				return allocation.EndedClean
			}
			return allocation.EndedCrashed
		case <-s.excess:
			s.log.Warn("the server is ended", zap.Error(s.excessive))
			s.object.set(stateUnhealthy)
			return allocation.EndedUnhealthy
		case <-s.object.changed:
		case <-timer.C:
		}
	}
}

// explain adds the last lines of the log to why a start failed.
func (s *server) explain(err error) error {
	if s.output == nil {
		return err
	}
	if tail := s.output.tail(); tail != "" {
		return fmt.Errorf("%w; its last lines: %s", err, allocation.Mask(tail, tailBytes))
	}
	return err
}
