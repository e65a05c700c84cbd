package sandbox

import (
	"os"
	"testing"

	"github.com/muster-gg/muster/runtime/script/bundle"
)

// TestNothingIsLeft holds that the server keeps no file and no process of children, however
// they end.
func TestNothingIsLeft(t *testing.T) {
	good := arena(t, map[string]string{"arena.ts": "export const rpc = {};"})
	round := func() {
		for _, s := range []*Sandbox{New(Options{}), as("killed", Options{}), as("garbage", Options{}), as("talks", Options{})} {
			_, _ = s.Build(t.Context(), good)
		}
		gone := New(Options{})
		gone.program = func() (string, error) { return "/none", nil }
		_, _ = gone.Build(t.Context(), bundle.Options{Entry: good.Entry})
	}
	round()
	files, before := count(t, "/proc/self/fd"), children()
	for range 5 {
		round()
	}
	if now := count(t, "/proc/self/fd"); now > files {
		t.Errorf("%d files are open, not %d", now, files)
	}
	if now := children(); now != before {
		t.Errorf("children: %q, not %q", now, before)
	}
}

func count(t *testing.T, dir string) int {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// children are the pids of ours.
func children() string {
	tasks, _ := os.ReadDir("/proc/self/task")
	all := ""
	for _, task := range tasks {
		text, err := os.ReadFile("/proc/self/task/" + task.Name() + "/children")
		if err == nil {
			all += string(text)
		}
	}
	return all
}
