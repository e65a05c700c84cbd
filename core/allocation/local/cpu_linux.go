package local

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// CPUKept says who keeps CPULimit on this system; empty: nobody.
const CPUKept = "the kernel, by a set of CPUs"

// cpuSets gives every server a set of as many CPUs as it may use. Sets go round
// all CPUs that we have, so that the servers are spread. Nil: no limit.
type cpuSets struct {
	limit int
	all   unix.CPUSet
	ours  []int
	next  int
}

func newCPUSets(limit int) *cpuSets {
	if limit <= 0 {
		return nil
	}
	return &cpuSets{limit: limit}
}

// enter puts the calling thread, which its goroutine has locked, on the next set.
func (c *cpuSets) enter() error {
	if c == nil {
		return nil
	}
	if c.ours == nil {
		if err := unix.SchedGetaffinity(0, &c.all); err != nil {
			return fmt.Errorf("cpu limit: %w", err)
		}
		for cpu := range len(c.all) * 64 {
			if c.all.IsSet(cpu) {
				c.ours = append(c.ours, cpu)
			}
		}
	}
	var set unix.CPUSet
	for range min(c.limit, len(c.ours)) {
		set.Set(c.ours[c.next%len(c.ours)])
		c.next++
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("cpu limit: %w", err)
	}
	return nil
}

// leave puts the thread back. It does nothing but fork: where it runs meanwhile
// matters to nobody.
func (c *cpuSets) leave() {
	if c != nil {
		_ = unix.SchedSetaffinity(0, &c.all)
	}
}
