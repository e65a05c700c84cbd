package main

import (
	"testing"

	"github.com/muster-gg/muster/runtime/script/scripttest"
)

// TestScriptsOwnTests runs the tests that stand beside the rules in TypeScript.
func TestScriptsOwnTests(t *testing.T) {
	report, err := scripttest.Run(t.Context(), scripttest.Options{Dir: "../hooks"})
	must(t, err)
	if tests, _ := report.Counts(); tests == 0 || report.Failed() {
		t.Errorf("%d tests\n%s", tests, report.Failures())
	}
}
