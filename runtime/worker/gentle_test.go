//go:build linux

package worker_test

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
)

// TestGentle holds that a worker stands back behind the server in every thread, and
// leaves half of the processors to it.
func TestGentle(t *testing.T) {
	w := start(t, hostile)
	for range 10 {
		if _, err := ask(t.Context(), w, "echo", ""); err != nil {
			t.Fatal(err)
		}
	}
	own := nice(t, "/proc/self/stat")
	dir := fmt.Sprintf("/proc/%d/task", w.Status().PID)
	threads, err := os.ReadDir(dir)
	if err != nil || len(threads) < 2 {
		t.Fatalf("%d threads, %v", len(threads), err)
	}
	for _, thread := range threads {
		if got := nice(t, dir+"/"+thread.Name()+"/stat"); got != min(own+5, 19) {
			t.Errorf("thread %s has the niceness %d, the server %d", thread.Name(), got, own)
		}
	}
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", w.Status().PID))
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("GOMAXPROCS=%d\x00", max(1, runtime.GOMAXPROCS(0)/2)); !bytes.Contains(env, []byte(want)) {
		t.Errorf("no %q in its environment", want)
	}
}

// nice reads the niceness from a stat file.
func nice(t *testing.T, path string) (n int) {
	t.Helper()
	stat, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	if _, err := fmt.Sscan(strings.Fields(rest)[16], &n); err != nil {
		t.Fatal(err)
	}
	return n
}
