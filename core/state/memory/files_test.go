package memory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestModes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "er", "state.db")
	s := openAt(t, path)
	mustApply(t, s, write("a", 0, "A"))
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) < 4 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f.Name(), info.Mode(), err)
		}
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v, %v", info.Mode(), err)
	}
}

func TestSecondStoreIsRefused(t *testing.T) {
	path := journalPath(t)
	s := openAt(t, path)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, link} {
		_, err := Open(context.Background(), Options{Path: p})
		if err == nil || !strings.Contains(err.Error(), p) || !strings.Contains(err.Error(), fmt.Sprintf("in use by another server (process %d)", os.Getpid())) {
			t.Errorf("second Open: %v", err)
		}
	}
	mustApply(t, s, write("a", 0, "A"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	openAt(t, path)
}

func TestBadFiles(t *testing.T) {
	database := func(statements string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec(statements); err != nil {
				t.Fatal(err)
			}
		}
	}
	ours := func(statements string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			s, err := Open(context.Background(), Options{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			for i := range 200 {
				mustApply(t, s, write(fmt.Sprint(i), 0, strings.Repeat("x", 500)))
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if statements != "" {
				database(statements)(t, path)
			}
		}
	}
	for name, c := range map[string]struct {
		make func(t *testing.T, path string)
		want string
	}{
		"text": {func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(strings.Repeat("no database\n", 500)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "not a state journal"},
		"another program's database":   {database("CREATE TABLE mine (x)"), "another program"},
		"another program's mark":       {database("PRAGMA application_id = 7"), "another program"},
		"newer schema":                 {ours("PRAGMA user_version = 9"), "schema 9"},
		"a negative revision":          {ours("UPDATE game SET revision = -1"), "damaged"},
		"a document without a version": {ours("UPDATE doc SET version = 0"), "damaged"},
		"a document twice":             {ours("INSERT INTO doc SELECT seq + 1000, game, kind, id, version, deadline, value FROM doc WHERE id = '7'"), "damaged"},
		"overwritten pages": {func(t *testing.T, path string) {
			ours("")(t, path)
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for page := int64(1); page < 12; page++ {
				if _, err := f.WriteAt([]byte(strings.Repeat("\xa5", 4000)), page*4096); err != nil {
					t.Fatal(err)
				}
			}
		}, "damaged"},
		"a folder": {func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "directory"},
	} {
		t.Run(name, func(t *testing.T) {
			path := journalPath(t)
			c.make(t, path)
			before, _ := os.ReadFile(path)
			_, err := Open(context.Background(), Options{Path: path})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Fatalf("Open: %v, want %q", err, c.want)
			}
			if now, _ := os.ReadFile(path); string(now) != string(before) {
				t.Error("the refused file was changed")
			}
			// The lock is free again.
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
			openAt(t, path)
		})
	}
}

func TestBadOptions(t *testing.T) {
	if _, err := Open(context.Background(), Options{Path: journalPath(t), CheckpointEvery: -1}); err == nil {
		t.Error("a negative interval was accepted")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	path := journalPath(t)
	if _, err := Open(ctx, Options{Path: path}); !errors.Is(err, context.Canceled) {
		t.Errorf("Open with an ended context: %v", err)
	}
	openAt(t, path)
}
