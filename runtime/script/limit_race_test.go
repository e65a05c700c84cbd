//go:build race || !linux

package script_test

import "testing"

// slow says that calls may take many times as long as usual.
const slow = true

// limitChild limits nothing: the race detector has memory of its own.
func limitChild(testing.TB) {}
