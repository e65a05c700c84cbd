package hookstore_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/store"
	"github.com/muster-gg/muster/core/store/hookstore"
	"github.com/muster-gg/muster/core/store/sqlite"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/hooktest"
)

// open returns a store with accounts "a" and "b" in the game "arena".
func open(t testing.TB) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "muster.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	now := time.Now()
	for _, id := range []string{"a", "b"} {
		_, _, err := s.SignIn(t.Context(), store.Account{ID: id, Game: "arena", Username: id, CreatedAt: now},
			store.Identity{Provider: "p", Subject: id, LinkedAt: now}, "", store.SignIn{ID: id, Game: "arena", CreatedAt: now, ExpiresAt: now})
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestStorage(t *testing.T) {
	hooktest.ExerciseStorage(t, func(t *testing.T) hooktest.Stored {
		return hooktest.Stored{Storage: hookstore.New("arena", open(t)), Accounts: [2]string{"a", "b"}}
	})
}

func TestGamesAreSeparate(t *testing.T) {
	s := open(t)
	arena, hill := hookstore.New("arena", s), hookstore.New("hill", s)
	if _, err := arena.Set(t.Context(), "", "k", []byte("1"), hook.AnyVersion); err != nil {
		t.Fatal(err)
	}
	if found, err := hill.Get(t.Context(), "", "k"); err != nil || len(found) != 0 {
		t.Errorf("got %v, %v", found, err)
	}
	if _, err := hill.Set(t.Context(), "a", "k", []byte("1"), hook.AnyVersion); !errors.Is(err, hook.ErrNoScope) {
		t.Errorf("another game's account: %v", err)
	}
}

// What the store itself fails with is no answer that a hook could take for its own fault.
func TestFailureOfTheStore(t *testing.T) {
	s := open(t)
	storage := hookstore.New("arena", s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, get := storage.Get(t.Context(), "", "k")
	_, set := storage.Set(t.Context(), "", "k", []byte("1"), hook.AnyVersion)
	_, list := storage.List(t.Context(), "", "", "", 0)
	for name, err := range map[string]error{"get": get, "set": set, "list": list, "delete": storage.Delete(t.Context(), "", "k", hook.AnyVersion)} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestListTakesAnything(t *testing.T) {
	storage := hookstore.New("arena", open(t))
	if _, err := storage.Set(t.Context(), "", "k", []byte("1"), hook.AnyVersion); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"\xff", "\x00", strings.Repeat("x", 1<<20), "k\xff\xff"} {
		if _, err := storage.List(t.Context(), "", text, text, 0); err != nil {
			t.Errorf("%.10q: %v", text, err)
		}
	}
}

// FuzzSet checks that whatever a hook hands in is refused or comes back as the same value.
func FuzzSet(f *testing.F) {
	storage := hookstore.New("arena", open(f))
	for _, seed := range []string{`{"a": [1, 2]}`, `"\ud800"`, "{", strings.Repeat("[", 40), `"\u0000"`, "\xff", " 1 "} {
		f.Add("key", []byte(seed))
	}
	f.Add("k\x00", []byte("1"))
	f.Fuzz(func(t *testing.T, key string, value []byte) {
		version, err := storage.Set(t.Context(), "a", key, value, hook.AnyVersion)
		if err != nil {
			if !errors.Is(err, hook.ErrInvalidKey) && !errors.Is(err, hook.ErrInvalidValue) {
				t.Fatal(err)
			}
			return
		}
		found, err := storage.Get(t.Context(), "a", key)
		if err != nil || len(found) != 1 || found[0].Key != key || found[0].Version != version {
			t.Fatalf("got %v, %v", found, err)
		}
		if again, err := storage.Set(t.Context(), "a", key, found[0].Value, version); err != nil || again <= version {
			t.Fatalf("what came back is refused: %v", err)
		}
	})
}
