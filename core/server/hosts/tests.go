package hosts

import (
	"context"
	"fmt"

	"github.com/muster-gg/muster/runtime/sandbox"
)

// testsFailed says which tests of a script have failed, and how.
type testsFailed struct{ text string }

func (e testsFailed) Error() string { return e.text }

// testScripts runs the tests of a hooks folder, in a process of their own. Without any
// there is nothing to fail.
func testScripts(ctx context.Context, in *sandbox.Sandbox, dir string) error {
	v, err := in.Test(ctx, dir)
	if err == nil && v.Failed {
		err = testsFailed{v.Text}
	}
	return err
}

// warnOfTests says which tests fail of a script that has just been started: nobody is
// served worse by it than by no server.
func (h *Hosts) warnOfTests(ctx context.Context, s *slot) {
	if err := s.tests(ctx); err != nil && ctx.Err() == nil {
		h.log.Warn(fmt.Sprintf("%s is in use although it fails its tests\n%s", s, err))
	}
}
