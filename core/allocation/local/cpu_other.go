//go:build !linux

package local

// CPUKept says who keeps CPULimit on this system; empty: nobody.
const CPUKept = ""

// cpuSets bound nothing: this system has no limit that fits.
type cpuSets struct{}

func newCPUSets(int) *cpuSets { return nil }

func (*cpuSets) enter() error { return nil }

func (*cpuSets) leave() {}
