package sqlite

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/muster-gg/muster/core/store"
	"github.com/muster-gg/muster/core/store/storetest"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(killPath); path != "" {
		signInUntilKilled(path)
		return
	}
	goleak.VerifyTestMain(m)
}

func openAt(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func openNew(t testing.TB) *Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "data", "muster.db"))
}

func TestStore(t *testing.T) {
	storetest.Exercise(t, func(t *testing.T) store.Store { return openNew(t) })
}

func TestStoreDurable(t *testing.T) {
	storetest.ExerciseDurable(t, func(t *testing.T, dir string) store.Store { return openAt(t, filepath.Join(dir, "muster.db")) })
}
