//go:build linux

package local

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain is three programs: the tests, the game server that they start, and
// the Muster that they kill.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv("TEST_CHILD") != "":
		childMain(os.Getenv("TEST_CHILD"))
	case os.Getenv("TEST_PARENT") != "":
		parentMain()
	default:
		goleak.VerifyTestMain(m)
	}
}
