package hosts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-gg/muster/runtime/script/scripttest"
)

// testTime is how long the tests of a folder may take together.
const testTime = 30 * time.Second

// testsFailed says which tests of a script have failed, and how.
type testsFailed struct{ text string }

func (e testsFailed) Error() string { return e.text }

// testScripts runs the tests of a hooks folder. Without any there is nothing to fail.
func testScripts(ctx context.Context, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	report, err := scripttest.Run(ctx, scripttest.Options{Dir: dir})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return testsFailed{fmt.Sprintf("%v: all of them together have %v", err, testTime)}
	case err != nil:
		return err
	case report.Failed():
		return testsFailed{report.Failures()}
	}
	return nil
}

// warnOfTests says which tests fail of a script that has just been started: nobody is
// served worse by it than by no server.
func (h *Hosts) warnOfTests(ctx context.Context, s *slot) {
	if err := s.tests(ctx); err != nil && ctx.Err() == nil {
		h.log.Warn(fmt.Sprintf("%s is in use although it fails its tests\n%s", s, err))
	}
}
