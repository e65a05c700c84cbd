package watch_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-gg/muster/runtime/script/watch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// folder is a watched folder that counts what it is told.
type folder struct {
	t     *testing.T
	root  string
	calls chan struct{}
	twice atomic.Bool
}

// watched watches a folder until the end of the test.
func watched(t *testing.T, prepare ...string) *folder {
	t.Helper()
	root := filepath.Join(t.TempDir(), "hooks")
	f := &folder{t: t, root: root}
	for _, name := range append(prepare, "x") {
		f.write(name, "")
	}
	return watchedAt(t, root)
}

func watchedAt(t *testing.T, root string) *folder {
	t.Helper()
	f := &folder{t: t, root: root, calls: make(chan struct{}, 100)}
	var busy atomic.Bool
	w, err := watch.New(watch.Options{Root: f.root, Debounce: 100 * time.Millisecond, Changed: func(context.Context) {
		if busy.Swap(true) {
			f.twice.Store(true)
		}
		f.calls <- struct{}{}
		busy.Store(false)
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { w.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		run.Wait()
		if f.twice.Load() {
			t.Error("Changed ran twice at a time")
		}
	})
	return f
}

func (f *folder) path(name string) string { return filepath.Join(f.root, filepath.FromSlash(name)) }

func (f *folder) write(name, text string) {
	f.t.Helper()
	if err := os.MkdirAll(filepath.Dir(f.path(name)), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(f.path(name), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// told waits for a call of Changed.
func (f *folder) told(what string) {
	f.t.Helper()
	select {
	case <-f.calls:
	case <-time.After(10 * time.Second):
		f.t.Fatalf("nothing was told of %s", what)
	}
}

// quiet makes a change that is told, and checks that it is the only one.
func (f *folder) quiet(what string) {
	f.t.Helper()
	f.write("marker.ts", "1")
	f.told("the marker")
	if n := len(f.calls); n > 0 {
		f.t.Errorf("%s: told %d times too often", what, n)
	}
}

func TestWatch(t *testing.T) {
	f := watched(t, "arena.ts", "lib/teams.ts", "node_modules/p/index.js", ".git/index.json")
	f.write("arena.ts", "1")
	f.told("a written file")

	// Editors write a new file and put it into the place of the old one.
	f.write("arena.ts.tmp", "2")
	if err := os.Rename(f.path("arena.ts.tmp"), f.path("arena.ts")); err != nil {
		t.Fatal(err)
	}
	f.told("a replaced file")
	f.write("lib/teams.ts", "1")
	f.told("a file in a folder")
	if err := os.Remove(f.path("lib/teams.ts")); err != nil {
		t.Fatal(err)
	}
	f.told("a removed file")

	f.write("new/deep/rule.ts", "1")
	f.told("a new folder")
	f.write("new/deep/rule.ts", "2")
	f.told("a file in a new folder")

	for _, name := range []string{"notes.txt", "node_modules/p/index.js", ".git/index.json", ".arena.ts.swp", "arena.ts~", "4913"} {
		f.write(name, "1")
	}
	f.quiet("what is no source")
	for i := range 50 {
		f.write("arena.ts", strings.Repeat("x", i))
	}
	f.told("a burst")
	f.quiet("a burst")
}

func TestFolderReturns(t *testing.T) {
	f := watched(t, "arena.ts")
	if err := os.Rename(f.root, f.root+".old"); err != nil {
		t.Fatal(err)
	}
	f.write("arena.ts", "2")
	f.told("a folder that is there again")
	for len(f.calls) > 0 {
		<-f.calls
	}
	f.write("arena.ts", "3")
	f.told("a file in the folder that is there again")
}

func TestBadFolder(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none")
	if _, err := watch.New(watch.Options{Root: missing, Changed: func(context.Context) {}}); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("a folder that is not there: %v", err)
	}
	if _, err := watch.New(watch.Options{Root: t.TempDir()}); err == nil {
		t.Error("nobody is told, and nobody minds")
	}
}

func TestLinkedFolder(t *testing.T) {
	real := t.TempDir()
	if err := os.Mkdir(filepath.Join(real, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	f := watchedAt(t, link)
	f.write("sub/arena.ts", "1")
	f.told("a file in a folder that a link leads to")
}

func TestTooManyFolders(t *testing.T) {
	root := t.TempDir()
	for i := range 1001 {
		if err := os.Mkdir(filepath.Join(root, fmt.Sprint(i)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	_, err := watch.New(watch.Options{Root: root, Changed: func(context.Context) {}})
	if err == nil || !strings.Contains(err.Error(), "there are over 1000 folders below it") {
		t.Errorf("got %v", err)
	}
}
