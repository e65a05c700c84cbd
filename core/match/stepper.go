package match

import (
	"sync"
	"time"

	"github.com/muster-gg/muster/core/lobby"
)

// stepper tells a lobby's members what its start is busy with, once a step has
// lasted a while.
type stepper struct {
	lobbies Lobbies
	st      *start
	after   time.Duration
	timer   *time.Timer
	shown   sync.WaitGroup
}

func newStepper(l Lobbies, st *start, after time.Duration) *stepper {
	return &stepper{lobbies: l, st: st, after: after}
}

// enter begins a step. The word of the one before is out, or will never come.
func (s *stepper) enter(step lobby.Step) {
	s.stop()
	s.shown.Add(1)
	s.timer = time.AfterFunc(s.after, func() {
		defer s.shown.Done()
		// Refused when the start has ended meanwhile; then there is nothing to show.
		_, _ = s.lobbies.ShowStep(s.st.lobbyID, s.st.matchID, step)
	})
}

// stop ends the current step and waits for its word if it is being told.
func (s *stepper) stop() {
	if s.timer == nil {
		return
	}
	if s.timer.Stop() {
		s.shown.Done()
	}
	s.shown.Wait()
	s.timer = nil
}
