package local

import "github.com/muster-gg/muster/core/allocation"

// tellEnded tells the observer of an end, once.
func (s *server) tellEnded(end allocation.End) {
	if end == 0 {
		return
	}
	s.observing.Lock()
	defer s.observing.Unlock()
	s.fleet.observer.ServerEnded(s.fleet.told, s.fleet.opts.Game, s.matchID, end)
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
	s.observing.Lock()
	defer s.observing.Unlock()
	return s.fleet.observer.Result(s.fleet.told, s.fleet.opts.Game, s.matchID, bearer, body)
}

func (s *server) record(handed bool) record {
	return record{
		Game: s.fleet.opts.Game, MatchID: s.matchID, PID: s.proc.pid, Begun: s.proc.begun,
		Ports: s.ports, Sidecar: s.sidecar.port, Handed: handed,
	}
}

func (s *server) setEnding() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ending = true
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
