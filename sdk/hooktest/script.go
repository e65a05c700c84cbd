package hooktest

import (
	"embed"
	"os"
	"path/filepath"
	"testing"
)

//go:embed script
var script embed.FS

// ScriptEntry writes Rules in TypeScript to a folder of the test and returns the
// path of the entry: a file that imports two others.
func ScriptEntry(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, script); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "script", "rules.ts")
}
