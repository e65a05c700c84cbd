//go:build unix

package plugin

import (
	"testing"
)

// TestEndsWhenItsParentChanges has a shell start the process with an input that
// never ends, and kills the shell: what it printed to ends with it.
func TestEndsWhenItsParentChanges(t *testing.T) {
	watcher := child(t, "watch")
	shell := child(t, "watch")
	shell.Path, shell.Args = "/bin/sh", []string{"sh", "-c", `"$0" </dev/null & wait`, watcher.Path}
	out := watching(t, shell)
	if err := shell.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	waits(t, func() error {
		_, err := out.ReadString('\n') // the watcher holds the other end
		return err
	})
	_ = shell.Wait()
}
