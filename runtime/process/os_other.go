//go:build !linux

package process

// openPath is the binary's own: these systems run no open files.
func openPath(_ string, b *binary) (string, error) { return b.path, nil }

// awaitExit leaves the waiting to the reaping.
func awaitExit(int) {}

// familyOf is the process alone.
func familyOf(pid int) []int { return []int{pid} }
