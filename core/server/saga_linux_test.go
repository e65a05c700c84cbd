package server_test

import (
	"cmp"
	"slices"
	"testing"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/core/match"
	"github.com/muster-gg/muster/sdk/client"
)

// The tests of the files saga_*_test.go end real processes in the middle of starts
// and matches, run them again over the same data folder, and hold what everybody
// was told and what was made and kept against the promise: one answer for each
// member, one server at most for each match, none without a match, a lobby that can
// start again.

// Moments between points.
const (
	momentCalled    match.Point = "called"    // the platform has the call and has not answered
	momentDropped   match.Point = "dropped"   // as before; it never makes a server
	momentRefused   match.Point = "refused"   // the platform has refused; that is saved, nobody was told
	momentCancelled match.Point = "cancelled" // the owner has cancelled during the call; that is saved, nobody was told
)

// order is the points as a match comes to them.
var order = []match.Point{
	match.PointStarting, match.PointBalanced, match.PointValidated, match.PointPayload, match.PointAsking,
	match.PointAllocated, match.PointCommitted, match.PointRecorded, match.PointUntold, match.PointEnded,
}

func TestSagaKilledAtEveryPointWithLocalServers(t *testing.T) {
	t.Parallel()
	s := newSaga(t, &localFleet{t: t, first: 23700, last: 23719}, "10s")
	var rounds []sagaRound
	for _, p := range order {
		rounds = append(rounds, s.killedAt(p))
	}
	s.ends(rounds)
}

func TestSagaKilledAtEveryPointWithThePlatform(t *testing.T) {
	t.Parallel()
	s := newSaga(t, newStubFleet(t), "10s")
	var rounds []sagaRound
	for _, p := range append(slices.Clone(order), momentCalled, momentDropped, momentRefused, momentCancelled) {
		rounds = append(rounds, s.killedAt(p))
	}
	s.ends(rounds)
}

// TestSagaKilledAtTheEndOfItsLobby is for lobbies that end with their match: who has
// no seat any more is told as well.
func TestSagaKilledAtTheEndOfItsLobby(t *testing.T) {
	t.Parallel()
	stub := newStubFleet(t)
	stub.after = "delete"
	s := newSaga(t, stub, "10s")
	s.deletes = true
	var rounds []sagaRound
	for _, p := range order[slices.Index(order, match.PointCommitted):] {
		rounds = append(rounds, s.killedAt(p))
		s.meet()
	}
	s.ends(rounds)
}

// sagaRound is what a round must leave in the store.
type sagaRound struct {
	at                             match.Point
	matchID, lobbyID, status, code string
	result, orphan                 bool
	perhaps                        bool // whether it is listed as an orphan is open unless it must be
}

// killedAt plays a match to a point, kills the process there and the next ones at
// theirs, runs one that lives, and holds what everybody knows then. What is left is
// a lobby that can start.
func (s *saga) killedAt(p match.Point, then ...match.Point) sagaRound {
	s.t.Helper()
	s.stops.at(match.PointStarting, p)
	at := s.begin()
	r := sagaRound{at: p, matchID: at.matchID, lobbyID: s.lobbyID}
	if p == momentRefused || p == momentCancelled {
		s.stops.at(match.PointUntold)
	}
	if p != match.PointStarting {
		at.goOn()
		at = s.comesTo(p, r.matchID)
	}
	s.kill()
	s.stops.at()
	if at != nil {
		at.goOn()
	}
	if stub, ok := s.fleet.(*stubFleet); ok {
		switch p {
		case momentCalled, momentCancelled:
			stub.gate.answer <- gameflowtest.OK()
		case momentDropped:
			stub.gate.answer <- gameflowtest.Status(503)
		}
	}
	for _, p := range then {
		s.diesAt(p)
	}
	s.back()
	s.judge(&r)
	return r
}

// comesTo takes a match on from PointStarting; nil for a moment at which the
// process itself is not held.
func (s *saga) comesTo(p match.Point, matchID string) *stop {
	s.t.Helper()
	if stub, ok := s.fleet.(*stubFleet); ok && !before(p, match.PointAllocated) {
		<-stub.gate.arrived
		switch p {
		case momentCalled, momentDropped:
			return nil
		case momentRefused:
			stub.gate.answer <- gameflowtest.Status(503)
			return s.stops.await(match.PointUntold)
		case momentCancelled:
			cancelled := make(chan struct{})
			go func() {
				defer close(cancelled)
				_ = s.crew[0].CancelStart(s.t.Context()) // it is not answered
			}()
			s.t.Cleanup(func() { <-cancelled })
			return s.stops.await(match.PointUntold)
		}
		stub.gate.answer <- gameflowtest.OK()
	}
	if before(p, match.PointRecorded) {
		return s.stops.await(p)
	}
	for _, m := range s.crew[:2] {
		m.hears(s.t, "match:started", func(e client.Event) bool { _, ok := e.(*client.MatchStarted); return ok })
	}
	reported := make(chan struct{})
	go func() {
		defer close(reported)
		_, _, _ = s.report(matchID) // cut off by the kill, or answered before it
	}()
	s.t.Cleanup(func() { <-reported })
	at := s.stops.await(p)
	if p == match.PointEnded {
		for _, m := range s.crew[:2] {
			m.hears(s.t, "match:ended", func(e client.Event) bool { _, ok := e.(*client.MatchEnded); return ok })
		}
	}
	return at
}

// before reports whether a comes before b.
func before(a, b match.Point) bool {
	for _, p := range order {
		if p == b {
			return false
		}
		if p == a {
			return true
		}
	}
	return false // a moment at the provider
}

// judge holds what is known of a match whose process was killed, and ends it if it
// goes on.
func (s *saga) judge(r *sagaRound) {
	s.t.Helper()
	when := "killed at " + string(r.at)
	made := s.fleet.made(r.matchID)
	if made > 1 {
		s.t.Errorf("%s: %d servers for one match", when, made)
	}
	plays := r.at == match.PointCommitted && s.fleet.survives()
	switch {
	case plays:
		s.agrees(when, r.matchID, func(int) answers { return answers{shown: true} })
		r.status, r.result = "ended", true
		if status, answer := s.result(r.matchID); status != 200 {
			s.t.Errorf("%s: its result is answered %d %s", when, status, answer)
		}
		s.sync()
		s.agrees(when+", then its result", r.matchID, func(int) answers { return answers{shown: true, ended: 1} })
	case r.at == match.PointCommitted:
		r.status, r.code = "failed", "server_lost"
		s.agrees(when, r.matchID, func(int) answers { return answers{failed: 1, code: r.code} })
	case !before(r.at, match.PointRecorded) && slices.Contains(order, r.at):
		r.status, r.result = "ended", true
		s.agrees(when, r.matchID, func(i int) answers { return answers{started: stayed(i), ended: 1} })
	default:
		// The next process cannot know what has become of a call.
		r.status, r.code = "failed", "allocation_unknown"
		r.orphan = s.fleet.survives() && !before(r.at, match.PointAsking)
		told := map[match.Point]string{momentRefused: "allocation_failed", momentCancelled: "start_cancelled"}[r.at]
		s.agrees(when, r.matchID, func(int) answers { return answers{failed: 1, code: cmp.Or(told, r.code)} })
	}
	if made == 0 && !before(r.at, match.PointAllocated) && r.at != momentDropped && r.at != momentRefused {
		s.t.Errorf("%s: no server was made", when)
	}
	s.fleet.settled()
	s.closed(when, *r)
	s.free(when)
}

// free holds that everybody is back in the lobby, which is open, or that it has
// ended with its match.
func (s *saga) free(when string) {
	s.t.Helper()
	if s.deletes {
		for i, m := range s.crew {
			if m.Lobby() != nil || m.Match() != nil {
				s.t.Errorf("%s: member %d is left with the lobby %+v", when, i, m.Lobby())
			}
		}
		return
	}
	for i, m := range s.crew {
		if l := m.Lobby(); l == nil || l.ID != s.lobbyID || l.State != "open" || m.Match() != nil {
			s.t.Errorf("%s: member %d is left with the lobby %+v", when, i, l)
		}
	}
}
