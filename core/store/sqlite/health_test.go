package sqlite

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// While changes fail a Ping does too, though reading works; and no longer when
// they work again.
func TestPingWhileChangesFail(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "muster.db"))
	readOnly := func(on int) {
		s.writer.gate.Lock()
		defer s.writer.gate.Unlock()
		if _, err := s.writer.conn.ExecContext(t.Context(), fmt.Sprintf("PRAGMA query_only(%d)", on)); err != nil {
			t.Fatal(err)
		}
	}
	readOnly(1)
	if _, _, err := signInKey(t.Context(), s, "a"); err == nil {
		t.Fatal("a change was taken")
	}
	for range 2 {
		if err := s.Ping(t.Context()); err == nil {
			t.Fatal("Ping says that all is well")
		}
	}
	readOnly(0)
	for range 2 {
		if err := s.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := signInKey(t.Context(), s, "a"); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A file whose pages are damaged is refused at once, with what to do.
func TestOpenDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.db")
	s := openAt(t, path)
	if _, _, err := signInKey(t.Context(), s, "a"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copy(raw[4096:], bytes.Repeat([]byte{0xde, 0xad}, len(raw)))
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err = Open(t.Context(), Options{Path: path})
	if err == nil {
		s.Close()
		t.Fatal("opened")
	}
	if !strings.Contains(err.Error(), "restore it from a backup") || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
}
