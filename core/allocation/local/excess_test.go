//go:build linux

package local

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation"
)

// scales say that every process uses one MiB, but those that are said to use more.
type scales struct {
	mu    sync.Mutex
	heavy map[int]int64
}

func (s *scales) used(pid int) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(1, s.heavy[pid]) << 20, nil
}

func (s *scales) set(pid int, mib int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.heavy == nil {
		s.heavy = map[int]int64{}
	}
	s.heavy[pid] = mib
}

// TestMemoryLimit holds that a server is ended that uses too much memory, with what
// it has started counted in, that it gets no grace, and that others are left alone.
func TestMemoryLimit(t *testing.T) {
	var mem scales
	o := options(t, "serve")
	o.MemoryLimit, o.Used, o.StopGrace = 10<<20, mem.used, time.Hour
	f, obs := startFleet(t, o)
	big, small := allocate(t, f, "big"), allocate(t, f, "small")
	order(t, big, "GET", "/ignore", "")
	_, child := order(t, big, "GET", "/spawn", "")
	pid := pidOf(f, "big")
	mem.set(pid, 9)
	if len(groupMembers(pid)) != 2 {
		t.Fatalf("the group of %d with its child %s is %v", pid, child, groupMembers(pid))
	}
	for range 3 { // what is not more than it may is left alone, however often we look
		f.lookAtMemory()
	}
	if _, ok, _ := f.Find(t.Context(), "arena", "big"); !ok {
		t.Fatal("a server that uses all that it may was ended")
	}
	mem.set(pid, 10) // and the child has one more
	obs.wantEnd(t, "arena big unhealthy")
	eventually(t, "the server is gone", func() bool { return f.Len() == 1 })
	if !dead(pid) || len(groupMembers(pid)) != 0 {
		t.Error("the process lives")
	}
	if status, _ := order(t, small, "GET", "/env", ""); status != 200 {
		t.Error("another server was ended")
	}
	if n := f.Stats().MemoryEnded; n != 1 {
		t.Errorf("%d servers are counted", n)
	}
	order(t, small, "GET", "/exit/0", "")
	obs.wantEnd(t, "arena small clean")
}

// TestMemoryLimitBeforeTheMatch holds that the start fails with the reason, and
// that a warm server is replaced.
func TestMemoryLimitBeforeTheMatch(t *testing.T) {
	var mem scales
	o := options(t, "never")
	o.MemoryLimit, o.Used = 1<<19, mem.used
	f, obs := startFleet(t, o)
	_, err := f.Allocate(t.Context(), request("m"))
	if !allocation.IsNone(err) || !strings.Contains(err.Error(), "it used 1 MiB of memory; memory_limit is 0 MiB") {
		t.Errorf("error is %v", err)
	}
	stopFleet(t, f)
	obs.wantNoEnd(t)

	o = options(t, "serve")
	o.MemoryLimit, o.Used, o.Warm = 10<<20, mem.used, 1
	f, obs = startFleet(t, o)
	wantWaiting(t, f, 1)
	s, _ := firstWarm(f)
	mem.set(s.proc.pid, 11)
	eventually(t, "another one waits", func() bool {
		pids := waitingPIDs(f)
		return len(pids) == 1 && pids[0] != s.proc.pid
	})
	stopFleet(t, f)
	obs.wantNoEnd(t)
}
