//go:build !race

package script_test

import (
	"testing"

	"golang.org/x/sys/unix"
)

const slow = false

// limitChild bounds the memory of the process, so that a script that gets through
// ends it, and not the computer's other work.
func limitChild(t testing.TB) {
	limit := unix.Rlimit{Cur: 3 << 30, Max: 3 << 30}
	if err := unix.Setrlimit(unix.RLIMIT_DATA, &limit); err != nil {
		t.Fatal(err)
	}
}
