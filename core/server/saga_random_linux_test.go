package server_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/match"
	"github.com/muster-gg/muster/sdk/client"
)

// randomRounds is how often each test of this file kills a process.
const randomRounds = 12

func TestSagaKilledAtRandomWithLocalServers(t *testing.T) {
	t.Parallel()
	newSaga(t, &localFleet{t: t, first: 23740, last: 23759}, "10s").killedAtRandom(1)
}

func TestSagaKilledAtRandomWithThePlatform(t *testing.T) {
	t.Parallel()
	newSaga(t, newSlowFleet(t), "10s").killedAtRandom(2)
}

// killedAtRandom kills processes at random moments between a start's request and
// the end of its match, and some of the next ones while they begin.
func (s *saga) killedAtRandom(seed uint64) {
	s.t.Helper()
	random := rand.New(rand.NewPCG(seed, seed))
	for _, m := range s.crew {
		m.again = true
	}
	begun := time.Now()
	s.plays(s.ready())
	whole := time.Since(begun)
	s.sync()
	rounds := s.found("undisturbed")
	if len(rounds) != 1 || rounds[0].status != "ended" {
		s.t.Fatalf("undisturbed there were %+v", rounds)
	}
	for range randomRounds {
		ctx := s.ready()
		moment := time.Duration(random.Int64N(int64(whole) * 11 / 10))
		killer := time.AfterFunc(moment, func() { _ = s.node.cmd.Process.Kill() })
		s.plays(ctx)
		<-s.node.done
		killer.Stop()
		s.gone()
		for random.IntN(3) == 0 {
			s.beginsFor(time.Duration(random.Int64N(int64(300 * time.Millisecond))))
		}
		s.back()
		rounds = append(rounds, s.found("killed after "+moment.String())...)
	}
	// A word that was noted as told and not yet written to its socket dies with the
	// process. To hit that moment twice is no accident.
	if s.lost > 1 {
		s.t.Errorf("in %d rounds members were told no end", s.lost)
	}
	s.ends(rounds)
}

// ready makes everybody ready. The context ends when the test has waited too long.
func (s *saga) ready() context.Context {
	s.t.Helper()
	for _, m := range s.crew {
		must(s.t, m.Ready(s.t.Context(), true))
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	s.t.Cleanup(cancel)
	return ctx
}

// plays starts a match and reports its result, as far as the process lives.
func (s *saga) plays(ctx context.Context) {
	ann := s.crew[0]
	if ann.Start(ctx, "") != nil {
		return
	}
	st, err := ann.Wait(ctx, func(st client.State) bool { return st.Match != nil })
	if err != nil {
		return
	}
	_, _, _ = s.report(st.Match.MatchID)
	_, _ = ann.Wait(ctx, func(st client.State) bool { return st.Match == nil })
}

// beginsFor runs a process for a moment, which may be too short for it to serve.
func (s *saga) beginsFor(moment time.Duration) {
	cmd := s.process()
	killer := time.AfterFunc(moment, func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait() // killed
	killer.Stop()
}

// found judges the matches that are new, of which one round makes at most one.
func (s *saga) found(when string) (rounds []sagaRound) {
	s.t.Helper()
	for _, id := range s.unknown() {
		s.known[id] = true
		r := sagaRound{at: match.Point(when), matchID: id, lobbyID: s.lobbyID}
		made := s.fleet.made(id)
		if made > 1 {
			s.t.Errorf("%s: %d servers for one match", when, made)
		}
		if s.crew[0].Match() != nil {
			if status, answer := s.result(id); status != 200 {
				s.t.Errorf("%s: the result of a match that goes on is answered %d %s", when, status, answer)
			}
			s.sync()
		}
		first, all := s.sameEnd(when, id)
		if !all {
			s.lost++
		}
		if first == (answers{}) {
			continue
		}
		if r.status = "ended"; first.failed > 0 {
			r.status, r.code = "failed", first.code
		}
		r.result = first.ended > 0
		r.orphan = s.fleet.survives() && first.failed > 0 && made > 0
		r.perhaps = s.fleet.survives() && first.failed > 0
		s.closed(when, r)
		rounds = append(rounds, r)
	}
	s.fleet.settled()
	s.free(when)
	if len(rounds) > 1 {
		s.t.Errorf("%s: one start made %d matches", when, len(rounds))
	}
	return rounds
}

// sameEnd holds that everybody was told the same end of a match, once. It returns
// what was told, and whether everybody was.
func (s *saga) sameEnd(when, id string) (first answers, all bool) {
	s.t.Helper()
	all = true
	for i, m := range s.crew {
		got := m.answers(id)
		if got.failed+got.ended == 0 {
			all = false
			continue
		}
		if first == (answers{}) {
			first = got
		}
		if got.failed+got.ended != 1 || got.started > 1 || got.ended > 0 && got.started == 0 && !got.shown || got.failed != first.failed {
			s.t.Errorf("%s: member %d has %+v of match %s, the first one %+v; he heard%s", when, i, got, id, first, said(m.all))
		}
	}
	return first, all
}

// unknown are the matches that came to a point or were told of since the last look.
func (s *saga) unknown() (ids []string) {
	all := s.stops.matches()
	for _, m := range s.crew {
		for _, e := range m.all {
			switch e := e.(type) {
			case *client.MatchStarted:
				all = append(all, e.Match.MatchID)
			case *client.MatchFailed:
				all = append(all, e.MatchID)
			case *client.MatchEnded:
				all = append(all, e.MatchID)
			}
		}
	}
	seen := map[string]bool{}
	for _, id := range all {
		if !s.known[id] && !seen[id] {
			ids = append(ids, id)
		}
		seen[id] = true
	}
	return ids
}
