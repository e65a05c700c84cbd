package sqlite

import (
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/muster-gg/muster/core/store"
)

func yield() { runtime.Gosched() }

func TestFileModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data")
	path := filepath.Join(dir, "muster.db")
	s := openAt(t, path)
	if _, _, err := signInKey(t.Context(), s, "1"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{dir: 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %v, want %v", name, got, want)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(path + "-*"); len(left) != 0 {
		t.Errorf("left behind by Close: %v", left)
	}
}

func TestOddPaths(t *testing.T) {
	for _, name := range []string{"with space.db", "what?.db", "100%41.db", "#1.db", "a&b=c;d.db", "ünï 🎮.db", ":memory:", "file:x.db"} {
		path := filepath.Join(t.TempDir(), name)
		s := openAt(t, path)
		if _, _, err := signInKey(t.Context(), s, "1"); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%q: %v, %v", name, info, err)
		}
		if _, err := openAt(t, path).Account(t.Context(), "g", "a1"); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestLinkedPath(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link.db")
	if err := os.Symlink(filepath.Join(dir, "real.db"), link); err != nil {
		t.Fatal(err)
	}
	openAt(t, filepath.Join(dir, "real.db")).Close()
	s := openAt(t, link)
	if _, _, err := signInKey(t.Context(), s, "1"); err != nil {
		t.Fatal(err)
	}
	if s.ckpt.size() == 0 {
		t.Error("the checkpointer does not see the WAL")
	}
}

func TestEveryConnectionIsSetUp(t *testing.T) {
	s := openNew(t)
	pragma := func(db interface{ QueryRow(string, ...any) *sql.Row }, name string) (v string) {
		t.Helper()
		if err := db.QueryRow("PRAGMA " + name).Scan(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	var sync, mode, auto string
	err := s.write(t.Context(), func(tx *txn) error {
		for name, to := range map[string]*string{"synchronous": &sync, "journal_mode": &mode, "wal_autocheckpoint": &auto} {
			got, err := scanStrings(tx.query("PRAGMA " + name))
			if err != nil {
				return err
			}
			*to = got[0]
		}
		return nil
	})
	if err != nil || sync != "2" || mode != "wal" || auto != "0" {
		t.Errorf("writer: synchronous %s, journal_mode %s, wal_autocheckpoint %s: %v", sync, mode, auto, err)
	}
	if got := pragma(s.ckpt.db, "synchronous"); got != "2" {
		t.Errorf("checkpointer: synchronous %s", got)
	}
	if got := pragma(s.readers, "query_only"); got != "1" {
		t.Errorf("readers: query_only %s", got)
	}
	if _, err := s.readers.Exec("DELETE FROM accounts"); err == nil {
		t.Error("a reader may write")
	}
	if got := s.readers.Stats().MaxOpenConnections; got != 4 {
		t.Errorf("up to %d readers", got)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, statements ...string) string {
		path := filepath.Join(dir, name)
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, s := range statements {
			if _, err := db.Exec(s); err != nil {
				t.Fatal(err)
			}
		}
		return path
	}
	newer := filepath.Join(dir, "newer.db")
	openAt(t, newer).Close()
	file("newer.db", fmt.Sprintf("PRAGMA user_version = %d", len(migrations)+1))
	garbage := filepath.Join(dir, "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("not a database ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	blocked := filepath.Join(dir, "blocked")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ path, says string }{
		"no path":         {"", "Path is required"},
		"a newer schema":  {newer, fmt.Sprintf("schema %d", len(migrations)+1)},
		"another program": {file("other.db", "CREATE TABLE theirs (x)"), "another program"},
		"another's mark":  {file("marked.db", "PRAGMA application_id = 7"), "another program"},
		"garbage":         {garbage, "not a database"},
		"a folder":        {dir, ""},
		"below a file":    {filepath.Join(blocked, "x.db"), ""},
	} {
		s, err := Open(t.Context(), Options{Path: c.path})
		if err == nil {
			s.Close()
			t.Errorf("%s: opened", name)
		} else if !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.path) {
			t.Errorf("%s: %v, want it to say %q and %q", name, err, c.says, c.path)
		}
	}
	var tables int
	db, _ := sql.Open("sqlite", filepath.Join(dir, "other.db"))
	defer db.Close()
	if err := db.QueryRow("SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil || tables != 1 {
		t.Errorf("the refused file was changed: %d tables, %v", tables, err)
	}
}

// Two servers on one file wait for each other and see each other's changes.
func TestTwoStoresOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.db")
	one, two := openAt(t, path), openAt(t, path)
	for i := range 50 {
		for n, s := range []*Store{one, two} {
			if _, _, err := signInKey(t.Context(), s, fmt.Sprint(n, "-", i)); err != nil {
				t.Fatal(err)
			}
			if _, err := []*Store{two, one}[n].Account(t.Context(), "g", fmt.Sprint("a", n, "-", i)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// The WAL starts over although changes come without a pause.
func TestWALStaysBounded(t *testing.T) {
	s := openNew(t)
	big := strings.Repeat("x", 1<<20)
	most := int64(0)
	for i := range 120 {
		if _, _, err := signInKey(t.Context(), s, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Rename(t.Context(), "g", fmt.Sprint("a", i), big); err != nil {
			t.Fatal(err)
		}
		most = max(most, s.ckpt.size())
	}
	if most > 2*truncateAt {
		t.Errorf("the WAL grew to %d MiB for 120 MiB of changes", most>>20)
	}
	t.Logf("at most %d MiB", most>>20)
	if most < checkpointAt {
		t.Errorf("the WAL only reached %d bytes; this tests nothing", most)
	}
}

func TestTextWithZeroBytes(t *testing.T) {
	s := openNew(t)
	for _, key := range []string{"a\x00b", "a\x00c", "\x00", "a\xff"} {
		if _, created, err := signInKey(t.Context(), s, key); err != nil || !created {
			t.Fatalf("%q: %v, %v", key, created, err)
		}
		a, err := s.Account(t.Context(), "g", "a"+key)
		if err != nil || a.Username != "U"+key || a.ID != "a"+key {
			t.Fatalf("%q came back as %+v, %v", key, a, err)
		}
	}
}

// A file of the first release keeps its data and gets what is new.
func TestOlderSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		migrations[0],
		`INSERT INTO accounts VALUES ('g', 'a', 'Ann', 1)`,
		`INSERT INTO identities (game, provider, subject, account_id, username, avatar_url, linked_at) VALUES ('g', 'p', 's', 'a', 'Ann', '', 1)`,
		fmt.Sprintf(`PRAGMA application_id = %d`, applicationID), `PRAGMA user_version = 1`,
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := openAt(t, path)
	a, err := s.Account(t.Context(), "g", "a")
	if err != nil || len(a.Identities) != 1 || a.Identities[0].Subject != "s" || a.Identities[0].Vars != nil {
		t.Errorf("got %+v, %v", a, err)
	}
	if _, err := s.SetEntry(t.Context(), store.Entry{Game: "g", Scope: "a", Key: "k", Value: []byte("1")}, store.AnyVersion); err != nil {
		t.Error(err)
	}
	if _, _, err := s.FinishRatedMatch(t.Context(), store.Match{ID: "m", Game: "g", Result: []byte(`{}`)}); err != nil {
		t.Error(err)
	}
}
