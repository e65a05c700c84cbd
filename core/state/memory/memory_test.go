package memory

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/state/statetest"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childJournal); path != "" {
		os.Exit(child(path))
	}
	goleak.VerifyTestMain(m)
}

// openAt opens a store on a journal; the test's end closes it.
func openAt(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(context.Background(), Options{Path: path, Logger: zaptest.NewLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func journalPath(t testing.TB) string { return filepath.Join(t.TempDir(), "state.db") }

func lobby(id string) state.Key { return state.Key{Kind: "lobby", ID: id} }

func write(id string, expect uint64, body string) state.Write {
	return state.Write{Key: lobby(id), Expect: expect, Value: state.Raw(body)}
}

func mustApply(t testing.TB, s *Store, writes ...state.Write) uint64 {
	t.Helper()
	rev, err := s.Apply(context.Background(), state.Tx{Game: "arena", Writes: writes})
	if err != nil {
		t.Fatal(err)
	}
	return rev
}

func read(t testing.TB, s *Store, id string) state.Doc {
	t.Helper()
	docs, err := s.Get(context.Background(), "arena", lobby(id))
	if err != nil {
		t.Fatal(err)
	}
	return docs[0]
}

func TestStore(t *testing.T) {
	t.Run("without a journal", func(t *testing.T) {
		statetest.Exercise(t, func(t *testing.T) state.Store {
			s, err := Open(context.Background(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			return s
		})
	})
	t.Run("with a journal", func(t *testing.T) {
		dir, n := t.TempDir(), 0
		statetest.Exercise(t, func(t *testing.T) state.Store {
			n++
			s, err := Open(context.Background(), Options{Path: filepath.Join(dir, fmt.Sprint(n))})
			if err != nil {
				t.Fatal(err)
			}
			return s
		})
	})
}

func TestDurable(t *testing.T) {
	dir, n := t.TempDir(), 0
	statetest.ExerciseDurable(t, func(t *testing.T) func() state.Store {
		n++
		path := filepath.Join(dir, fmt.Sprint(n), "state.db")
		return func() state.Store {
			s, err := Open(context.Background(), Options{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	})
}

// secret tells how often it was encoded, and is compared by address.
type secret struct{ encoded int }

func (s *secret) AppendState(dst []byte) ([]byte, error) {
	s.encoded++
	return append(dst, "secret"...), nil
}

func TestValuesAreHandedBackAsTheyAre(t *testing.T) {
	for name, path := range map[string]string{"memory": "", "journal": journalPath(t)} {
		t.Run(name, func(t *testing.T) {
			s := openAt(t, path)
			v := &secret{}
			mustApply(t, s, state.Write{Key: lobby("a"), Value: v})
			if got := read(t, s, "a").Value; got != state.Value(v) {
				t.Errorf("Get: %v, want the value applied", got)
			}
			want := 1
			if path == "" {
				want = 0
			}
			if v.encoded != want {
				t.Errorf("encoded %d times, want %d", v.encoded, want)
			}
		})
	}
}

func TestReopenKeepsValuesRawUntilWritten(t *testing.T) {
	path := journalPath(t)
	s := openAt(t, path)
	rev := mustApply(t, s, state.Write{Key: lobby("a"), Value: &secret{}, Deadline: time.UnixMilli(77)})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, path)
	d := read(t, s, "a")
	raw, ok := d.Value.(state.Raw)
	if !ok || string(raw) != "secret" || d.Version != rev || d.Deadline.UnixMilli() != 77 {
		t.Fatalf("after reopening: %+v", d)
	}
}

// What was deleted gives its room back: a store does not grow by turnover.
func TestTurnoverLeavesNothing(t *testing.T) {
	s := openAt(t, "")
	for i := range 5000 {
		id := fmt.Sprint(i)
		w := write(id, 0, "x")
		w.Deadline = time.UnixMilli(int64(i))
		rev := mustApply(t, s, w, state.Write{Key: lobby("kept" + id), CheckOnly: true})
		for j := range 3 {
			w = write(id, rev, "y")
			w.Deadline = time.UnixMilli(int64(i + j))
			rev = mustApply(t, s, w)
		}
		if i%100 != 0 {
			mustApply(t, s, state.Write{Key: lobby(id), Expect: rev})
		}
	}
	k := s.tables.find("arena").kinds["lobby"]
	if len(k.docs) != 50 || len(k.due) != 50 || len(k.slots) > 60 || len(k.free) > 10 {
		t.Fatalf("%d documents, %d deadlines, %d slots, %d of them free", len(k.docs), len(k.due), len(k.slots), len(k.free))
	}
}
