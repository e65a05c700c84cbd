package server_test

import (
	"strings"
	"testing"
)

// TestHostileSources saves sources that a bundler does not survive, or that run on
// their own: the server says what is wrong with them, and its rules go on.
func TestHostileSources(t *testing.T) {
	for block, name := range map[string]string{scriptBlock: "embedded", workerBlock: "process"} {
		t.Run(name, func(t *testing.T) {
			r := newScripted(t, block, versioned(1))
			p := r.player("ann")
			for _, c := range []struct{ source, want string }{
				{"x=" + strings.Repeat("!", 256<<10), "rules.ts:1:4002: error: An expression or statement goes on for over 4000 operators"},
				{"x=" + strings.Repeat("[", 1<<20), "rules.ts:1:503: error: The source is nested over 500 levels deep"},
				{"export const rpc = {};" + strings.Repeat("a:;", 690000), "rules.ts: error: The bundler "}, // has no memory left, on slow machines no time
				{versioned(2) + "for (;;) {}", "the code outside of functions does not come to an end"},
			} {
				r.file("rules.ts", c.source)
				eventually(t, c.want, func() bool { return strings.Contains(r.ready(), c.want) })
				if got, err := versionOf(t.Context(), p); got != 1 || err != nil {
					t.Errorf("version %d, %v", got, err)
				}
			}
			r.file("rules.ts", versioned(3))
			eventually(t, "version 3", func() bool { got, err := versionOf(t.Context(), p); must(t, err); return got == 3 })
		})
	}
}

// TestTestsOfWorkers: the tests of a script in a process of its own must pass too, and
// those that end their process fail.
func TestTestsOfWorkers(t *testing.T) {
	r := newScripted(t, workerBlock, versioned(1))
	p := r.player("ann")
	r.file("rules.test.ts", expecting(3))
	eventually(t, "the version in use fails a new test", func() bool { return strings.Contains(r.ready(), "rules.test.ts:3:") })
	r.file("rules.ts", versioned(2))
	eventually(t, "so does the next one", func() bool { return strings.Contains(r.ready(), "got       2") })
	if got, err := versionOf(t.Context(), p); got != 1 || err != nil {
		t.Errorf("version %d, %v", got, err)
	}
	r.file("bad.test.ts", `import { test } from "muster/test"; test("deep", () => { `+hostileTest+` });`)
	r.file("rules.ts", versioned(3))
	eventually(t, "what ends the tests is told", func() bool { return strings.Contains(r.ready(), "bad.test.ts:") })
	r.file("bad.test.ts", "")
	eventually(t, "version 3", func() bool { got, err := versionOf(t.Context(), p); must(t, err); return got == 3 })
}

// hostileTest is a test that does not end, or not well.
const hostileTest = `let s = "x"; const kept = []; for (;;) { s += s; kept.push(s.toUpperCase()); }`
