package memory

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/state"
)

// The clock moves the WAL into the file, and only when something was written.
func TestTimedCheckpoint(t *testing.T) {
	path := journalPath(t)
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(context.Background(), Options{Path: path, CheckpointEvery: 3 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		size := func() int64 {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			return info.Size()
		}
		empty := size()
		for i := range 100 {
			mustApply(t, s, write(fmt.Sprint(i), 0, strings.Repeat("x", 1000)))
		}
		time.Sleep(3*time.Second - time.Millisecond)
		synctest.Wait()
		if size() != empty {
			t.Error("checkpointed before its time")
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if size() < 100_000 {
			t.Errorf("%d bytes after the interval, want all documents", size())
		}
		if s.commits.journal.unsynced.Load() {
			t.Error("still unsynced")
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Under constant writing the WAL starts over instead of growing without end.
func TestWALStaysBounded(t *testing.T) {
	path := journalPath(t)
	s := openAt(t, path)
	const total = 12 * walLimit
	value := state.Raw(strings.Repeat("x", 256<<10))
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			var version uint64
			for range total / 4 / len(value) {
				version = mustApply(t, s, state.Write{Key: lobby(fmt.Sprint(w)), Expect: version, Value: value})
			}
		})
	}
	wg.Wait()
	info, err := os.Stat(path + "-wal")
	if err != nil || info.Size() > walFull+walLimit {
		t.Fatalf("the WAL has %d MiB after %d MiB were written: %v", info.Size()>>20, total>>20, err)
	}
}
