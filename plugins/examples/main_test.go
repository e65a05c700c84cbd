//go:build linux

package examples_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/muster-gg/muster/runtime/process"
)

// TestMain is two programs: the tests, and the Muster that they kill.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_HOST") == "" {
		goleak.VerifyTestMain(m)
		return
	}
	p, err := process.Start(context.Background(), pythonOptions("python-validate/plugin.py", nil))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(p.Status().PID)
	select {}
}
