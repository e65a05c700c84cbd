package local

import (
	"net/http"

	"github.com/muster-gg/muster/core/allocation"
)

// tellEnded tells the observer of an end, once.
func (s *server) tellEnded(end allocation.End) {
	if end == 0 {
		return
	}
	s.observing.Lock()
	defer s.observing.Unlock()
	s.tellPlayers()
	s.fleet.observer.ServerEnded(s.fleet.told, s.fleet.opts.Game, s.match(), end)
}

// reported says whether the observer knows all about the match's end.
func (s *server) reported(end allocation.End) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.released || end != 0 && s.fleet.told.Err() == nil
}

// passResult hands a posted result to the observer. It goes on when the server
// hangs up: who posts a result and exits has delivered it.
func (s *server) passResult(bearer string, body []byte) (int, []byte) {
	if s.match() == "" {
		return http.StatusNotFound, []byte(`{"error":"This server has no match","code":"not_found"}`)
	}
	s.observing.Lock()
	defer s.observing.Unlock()
	s.tellPlayers()
	return s.fleet.observer.Result(s.fleet.told, s.fleet.opts.Game, s.match(), bearer, body)
}

// match is the id of the match that the server has or is about to get; empty: none.
func (s *server) match() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.request.MatchID
}

func (s *server) record(handed bool) record {
	return record{
		ID: s.id, Game: s.fleet.opts.Game, MatchID: s.match(), PID: s.proc.pid, Begun: s.proc.begun,
		Ports: s.ports, Sidecar: s.sidecar.port, Handed: handed,
	}
}

func (s *server) setLaunched() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.launched = true
}

// setEnding keeps matches away from now on. It says if there is one already, and
// if the server was ready without one.
func (s *server) setEnding() (claimed, waited bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ending = true
	return s.claimed, !s.waiting.IsZero()
}

func (s *server) stopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ending
}

func (s *server) stopCause() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cause
}

func (s *server) abortOnce(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cause == nil {
		s.cause = cause
		close(s.abort)
	}
}

func (s *server) stopOnce(released bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ending, s.released = true, s.released || released
	closeOnce(s.stop)
}

func (s *server) hurryOnce() {
	s.mu.Lock()
	defer s.mu.Unlock()
	closeOnce(s.hurry)
}

// closeOnce closes a channel that nobody sends on. The caller holds the lock.
func closeOnce(c chan struct{}) {
	select {
	case <-c:
	default:
		close(c)
	}
}
