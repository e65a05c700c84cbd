//go:build unix

package process

import (
	"os"
	"path/filepath"
	"testing"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestRemoveLeftovers: a folder goes when its server has, and no other does.
func TestRemoveLeftovers(t *testing.T) {
	temp, err := os.MkdirTemp("/tmp", "t") // short enough to be taken
	must(t, err)
	defer os.RemoveAll(temp)
	t.Setenv("TMPDIR", temp)
	own, err := newFolder()
	must(t, err)
	killed, err := newFolder()
	must(t, err)
	must(t, os.Mkdir(filepath.Join(killed.path, "plugin-dir"), 0o700))
	must(t, killed.lock.Close()) // as the end of its process does
	foreign := filepath.Join(temp, folderPrefix+"notes")
	must(t, os.Mkdir(foreign, 0o700))
	linked := filepath.Join(temp, folderPrefix+"linked")
	must(t, os.Mkdir(linked, 0o700))
	must(t, os.WriteFile(filepath.Join(temp, "file"), nil, 0o600))
	must(t, os.Symlink(filepath.Join(temp, "file"), filepath.Join(linked, folderLock)))

	must(t, RemoveLeftovers())
	for path, there := range map[string]bool{own.path: true, killed.path: false, foreign: true, linked: true} {
		if _, err := os.Stat(path); (err == nil) != there {
			t.Errorf("%s is there: %t", filepath.Base(path), err == nil)
		}
	}
	must(t, own.Close())
	if _, err := os.Stat(own.path); !os.IsNotExist(err) {
		t.Error("a folder stays:", err)
	}
}
