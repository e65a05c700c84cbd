//go:build linux

package local

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"
)

// TestStubbornServer: one that ignores SIGTERM is killed after the grace.
func TestStubbornServer(t *testing.T) {
	o := options(t, "serve")
	o.StopGrace = 100 * time.Millisecond
	f, obs := startFleet(t, o)
	s := allocate(t, f, "m")
	order(t, s, "GET", "/ignore", "")
	pid := pidOf(f, "m")
	_ = f.Release(t.Context(), "arena", "m")
	eventually(t, "the server is gone", func() bool { return f.Len() == 0 })
	if !dead(pid) {
		t.Error("the process lives")
	}
	stopFleet(t, f)
	obs.wantNoEnd(t)
}

// TestStopHurries: when Stop's time is over, nobody has any grace left.
func TestStopHurries(t *testing.T) {
	o := options(t, "serve")
	o.StopGrace = time.Hour
	f, obs := startFleet(t, o)
	s := allocate(t, f, "m")
	order(t, s, "GET", "/ignore", "")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	pid := pidOf(f, "m")
	if err := f.Stop(ctx); err == nil || !dead(pid) {
		t.Errorf("stop: %v, dead: %t", err, dead(pid))
	}
	obs.wantNoEnd(t)
	if _, err := f.Allocate(t.Context(), request("m-2")); err == nil {
		t.Error("a stopped fleet started a server")
	}
}

// TestChildrenOfTheServer: whatever a server started goes with it, however it ends.
func TestChildrenOfTheServer(t *testing.T) {
	for _, path := range []string{"/exit/0", "/kill", ""} {
		t.Run(path, func(t *testing.T) {
			f, _ := startFleet(t, options(t, "serve"))
			s := allocate(t, f, "m")
			_, answer := order(t, s, "GET", "/spawn", "")
			grandchild, err := strconv.Atoi(answer)
			if err != nil || dead(grandchild) {
				t.Fatalf("no grandchild: %q", answer)
			}
			if path == "" {
				_ = f.Release(t.Context(), "arena", "m")
			} else {
				order(t, s, "GET", path, "")
			}
			eventually(t, "the server is gone", func() bool { return f.Len() == 0 })
			if !dead(grandchild) {
				t.Error("the grandchild lives")
			}
		})
	}
}

// TestShellWrapper: a start script that dies of SIGTERM at once does not take the
// grace from the server behind it.
func TestShellWrapper(t *testing.T) {
	o := options(t, "serve")
	program := o.Command[0]
	o.Command = []string{"sh", "-c", program + ` & wait`}
	o.StopGrace = 300 * time.Millisecond
	f, obs := startFleet(t, o)
	s := allocate(t, f, "m")
	order(t, s, "GET", "/ignore", "")
	members := groupMembers(pidOf(f, "m"))
	if len(members) != 2 {
		t.Fatalf("the group is %v", members)
	}
	shell, server := members[0], members[1]
	if shell != pidOf(f, "m") {
		shell, server = server, shell
	}
	_ = f.Release(t.Context(), "arena", "m")
	eventually(t, "the shell has ended", func() bool { return dead(shell) })
	if status, _ := order(t, s, "GET", "/env", ""); status != 200 {
		t.Error("the server was killed within its grace")
	}
	eventually(t, "the server is gone", func() bool { return f.Len() == 0 })
	if !dead(server) {
		t.Error("the server behind the script lives")
	}
	obs.wantNoEnd(t)
}

// TestStopKeepsTheRecord: a server that had its match when we were stopped is
// reported as lost by the next run, once.
func TestStopKeepsTheRecord(t *testing.T) {
	o := options(t, "serve")
	f, obs := startFleet(t, o)
	allocate(t, f, "m-1")
	allocate(t, f, "m-2")
	_ = f.Release(t.Context(), "arena", "m-1")
	stopFleet(t, f)
	obs.wantNoEnd(t)

	// The record's owner is this process, which a next run is not.
	if left, _ := os.ReadDir(f.records.dir); len(left) != 1 || left[0].Name() != "m-2.json" {
		t.Fatalf("records are %v", left)
	}
	r, err := readRecord(f.records.path("m-2"))
	if err != nil || !r.Handed {
		t.Fatalf("%+v, %v", r, err)
	}
	disown(t, f, r)
	next, obs := startFleet(t, o)
	obs.wantEnd(t, "arena m-2 crashed")
	stopFleet(t, next)
	obs.wantNoEnd(t)
	if left, _ := os.ReadDir(next.records.dir); len(left) != 0 {
		t.Errorf("records are %v", left)
	}
}
