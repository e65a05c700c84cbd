package local

import (
	"fmt"
	"time"
)

// memoryEvery is how often the memory of all servers is looked at.
const memoryEvery = 500 * time.Millisecond

// watchMemory ends servers that use too much memory, until the fleet stops. What a
// server has started counts as its own.
func (f *Fleet) watchMemory() {
	tick := time.NewTicker(memoryEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			f.lookAtMemory()
		case <-f.stopped:
			return
		}
	}
}

func (f *Fleet) lookAtMemory() {
	f.mu.Lock()
	all := f.all()
	f.mu.Unlock()
	if len(all) == 0 {
		return
	}
	groups := processGroups()
	for _, s := range all {
		pid, ok := s.runsAs()
		if !ok {
			continue
		}
		members := groups[pid]
		if len(members) == 0 {
			members = []int{pid}
		}
		var used int64
		for _, member := range members {
			if n, err := f.opts.Used(member); err == nil { // else it has just ended
				used += n
			}
		}
		if used > f.opts.MemoryLimit {
			s.exceed(fmt.Errorf("it used %d MiB of memory; memory_limit is %d MiB", used>>20, f.opts.MemoryLimit>>20))
		}
	}
}

// runsAs is the first process of a server; ok: it is not ending.
func (s *server) runsAs() (pid int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.launched || s.ending {
		return 0, false
	}
	return s.proc.pid, true
}

// exceed ends a server without any grace, in which it would go on to use memory
// that others need.
func (s *server) exceed(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.excessive != nil {
		return
	}
	s.excessive = why
	s.fleet.memoryEnded.Add(1)
	close(s.excess)
	closeOnce(s.hurry)
}
