package server_test

import (
	"slices"
	"syscall"
	"testing"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/core/match"
	"github.com/muster-gg/muster/sdk/client"
)

// A process that is told to stop in the middle of a start brings it to its end
// first: its players are told before their sockets close.

func TestSagaDrainedAtEveryPointWithLocalServers(t *testing.T) {
	t.Parallel()
	s := newSaga(t, &localFleet{t: t, first: 23720, last: 23739}, "30s")
	var rounds []sagaRound
	for _, p := range order {
		rounds = append(rounds, s.drainedAt(p))
	}
	s.ends(rounds)
}

func TestSagaDrainedAtEveryPointWithThePlatform(t *testing.T) {
	t.Parallel()
	s := newSaga(t, newStubFleet(t), "30s")
	var rounds []sagaRound
	for _, p := range append(slices.Clone(order), momentCalled) {
		rounds = append(rounds, s.drainedAt(p))
	}
	s.ends(rounds)
}

// drainedAt plays a match to a point, tells the process to stop, lets the match go
// on when the players know of it, and holds what they know then and at the next one.
func (s *saga) drainedAt(p match.Point) sagaRound {
	s.t.Helper()
	s.stops.at(match.PointStarting, p)
	at := s.begin()
	r := sagaRound{at: p, matchID: at.matchID, lobbyID: s.lobbyID}
	if p != match.PointStarting {
		at.goOn()
		at = s.comesTo(p, r.matchID)
	}
	must(s.t, s.node.cmd.Process.Signal(syscall.SIGTERM))
	for _, m := range s.crew[:2] {
		m.hears(s.t, "server:draining", func(e client.Event) bool { _, ok := e.(*client.Draining); return ok })
	}
	s.stops.at()
	if at != nil {
		at.goOn()
	}
	if stub, ok := s.fleet.(*stubFleet); ok && (before(p, match.PointAllocated) || p == momentCalled) {
		if p != momentCalled {
			<-stub.gate.arrived
		}
		stub.gate.answer <- gameflowtest.OK()
	}
	s.stopped()

	when := "drained at " + string(p)
	over := !before(p, match.PointRecorded) && p != momentCalled
	s.agrees(when, r.matchID, func(i int) answers {
		if over {
			return answers{started: stayed(i), ended: stayed(i)}
		}
		return answers{started: stayed(i)}
	})
	s.back()
	if made := s.fleet.made(r.matchID); made != 1 {
		s.t.Errorf("%s: %d servers were made", when, made)
	}
	plays := s.fleet.survives() && !over
	if plays {
		s.agrees(when+", then back", r.matchID, func(i int) answers { return answers{started: stayed(i), shown: true} })
		if status, answer := s.result(r.matchID); status != 200 {
			s.t.Errorf("%s: its result is answered %d %s", when, status, answer)
		}
		s.sync()
	}
	if r.result = plays || over; r.result {
		r.status = "ended"
		s.agrees(when+", at the end", r.matchID, func(i int) answers { return answers{started: stayed(i), shown: plays, ended: 1} })
	} else {
		// Local servers end with their process. These end by the signal.
		r.status, r.code = "failed", "server_lost"
		s.agrees(when+", at the end", r.matchID, func(i int) answers { return answers{started: stayed(i), failed: 1, code: r.code} })
	}
	s.fleet.settled()
	s.closed(when, r)
	s.free(when)
	return r
}

// stopped waits for the end of a process that was told to stop.
func (s *saga) stopped() {
	s.t.Helper()
	<-s.node.done
	if code := s.node.cmd.ProcessState.ExitCode(); code != 0 {
		s.t.Errorf("exit status %d", code)
	}
	s.gone()
}

// TestSagaCutOffByTheDrainsEnd: a provider that does not answer in the drain's time
// costs the start, and its members are told so when they are back.
func TestSagaCutOffByTheDrainsEnd(t *testing.T) {
	t.Parallel()
	stub := newStubFleet(t)
	s := newSaga(t, stub, "200ms")
	s.stops.at(match.PointStarting)
	at := s.begin()
	at.goOn()
	<-stub.gate.arrived
	must(t, s.node.cmd.Process.Signal(syscall.SIGTERM))
	s.stopped()
	stub.gate.answer <- gameflowtest.OK() // to nobody
	s.back()
	s.agrees("cut off", at.matchID, func(int) answers { return answers{failed: 1, code: "draining"} })
	r := sagaRound{at: momentCalled, matchID: at.matchID, lobbyID: s.lobbyID, status: "failed", code: "draining", orphan: true}
	s.closed("cut off", r)
	s.free("cut off")
	s.ends([]sagaRound{r})
}
