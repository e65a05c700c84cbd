//go:build linux

package local

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/muster-gg/muster/core/allocation"
)

// TestCPULimit holds that a server has as many CPUs as it may from its first
// moment on, and that the next one has others.
func TestCPULimit(t *testing.T) {
	var ours unix.CPUSet
	if err := unix.SchedGetaffinity(0, &ours); err != nil {
		t.Fatal(err)
	}
	if ours.Count() < 2 {
		t.Skip("there is one CPU only")
	}
	o := options(t, "serve")
	o.CPULimit = 1
	f, _ := startFleet(t, o)
	var sets [2]unix.CPUSet
	for n, match := range []string{"m-0", "m-1"} {
		allocate(t, f, match)
		if err := unix.SchedGetaffinity(pidOf(f, match), &sets[n]); err != nil {
			t.Fatal(err)
		}
		if sets[n].Count() != 1 {
			t.Errorf("a server has %d CPUs", sets[n].Count())
		}
	}
	if sets[0] == sets[1] {
		t.Error("both servers have the same CPU")
	}
}

// TestBound holds that every process is bounded, and that none runs that is not.
func TestBound(t *testing.T) {
	o := options(t, "serve")
	var bounded []int
	o.Bound = func(pid int) error { bounded = append(bounded, pid); return nil }
	f, _ := startFleet(t, o)
	allocate(t, f, "m")
	if len(bounded) != 1 || bounded[0] != pidOf(f, "m") {
		t.Errorf("bounded are %v", bounded)
	}
	refused := errors.New("not here")
	o = options(t, "serve")
	o.Bound = func(int) error { return refused }
	f, _ = startFleet(t, o)
	if _, err := f.Allocate(t.Context(), request("m")); !allocation.IsNone(err) || !errors.Is(err, refused) || f.Len() != 0 {
		t.Errorf("error is %v", err)
	}
}
