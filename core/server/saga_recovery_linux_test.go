package server_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/muster-gg/muster/core/match"
)

// The processes that take up what a killed one has left are killed as well.

func TestSagaKilledWhileItRecoversWithLocalServers(t *testing.T) {
	t.Parallel()
	s := newSaga(t, &localFleet{t: t, first: 23760, last: 23779}, "10s")
	s.ends([]sagaRound{
		s.killedAt(match.PointAllocated, match.PointUntold),
		s.killedAt(match.PointCommitted, match.PointRecorded, match.PointUntold, match.PointEnded),
		s.killedAt(match.PointRecorded, match.PointUntold, match.PointEnded),
	})
}

func TestSagaKilledWhileItRecoversWithThePlatform(t *testing.T) {
	t.Parallel()
	s := newSaga(t, newStubFleet(t), "10s")
	s.ends([]sagaRound{
		s.killedAt(match.PointAsking, match.PointUntold),
		s.killedAt(match.PointAllocated, match.PointUntold),
		s.killedAt(momentCalled, match.PointUntold),
		s.killedAt(match.PointRecorded, match.PointUntold, match.PointEnded),
		s.killedAt(match.PointUntold, match.PointEnded),
	})
}

// process runs the next process without waiting for it to serve.
func (s *saga) process() *exec.Cmd {
	s.t.Helper()
	cmd := exec.Command(os.Args[0], "serve", "-config", filepath.Join(s.dir, "config.hcl"))
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), asSaga+"="+s.stops.l.Addr().String(), noExitWait)
	must(s.t, cmd.Start())
	s.t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

// diesAt runs a process that is killed when it comes to a point before it serves.
func (s *saga) diesAt(p match.Point) {
	s.t.Helper()
	s.stops.at(p)
	cmd := s.process()
	at := s.stops.await(p)
	s.stops.at()
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // killed
	s.stops.died(cmd.Process.Pid)
	at.goOn()
}
