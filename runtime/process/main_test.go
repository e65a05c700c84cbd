//go:build linux

package process

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain is many programs: the tests, the plugins that they start, and the
// Muster that they kill.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv("TEST_CHILD") != "":
		childMain(os.Getenv("TEST_CHILD"))
	case os.Getenv("TEST_PARENT") != "":
		parentMain(os.Getenv("TEST_PARENT"))
	default:
		goleak.VerifyTestMain(m)
	}
}
