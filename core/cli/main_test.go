package cli

import (
	"os"
	"testing"

	"github.com/muster-gg/muster/runtime/sandbox"
)

// TestMain is the tests, and the processes that bundle and test scripts for them.
func TestMain(m *testing.M) {
	if sandbox.Started() {
		sandbox.Serve()
	}
	os.Exit(m.Run())
}
