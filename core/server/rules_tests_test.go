package server_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/server"
)

// expecting is a test that demands a version of the script.
func expecting(version int) string {
	return fmt.Sprintf(`import { test, expect } from "muster/test";
import { rpc } from "./rules.ts";
test("is the version that is wanted", async (t) => expect(await rpc.version(t.ctx, undefined)).toBe(%d));
`, version)
}

// TestTestsOnReload: a version comes into use when its tests pass, and not before.
func TestTestsOnReload(t *testing.T) {
	r := newScripted(t, scriptBlock, versioned(1))
	p := r.player("ann")
	is := func(want int) {
		t.Helper()
		if got, err := versionOf(t.Context(), p); got != want || err != nil {
			t.Errorf("version %d, %v, want %d", got, err, want)
		}
	}
	r.file("rules.test.ts", expecting(2))
	eventually(t, "the version in use fails a new test", func() bool { return strings.Contains(r.ready(), "rules.test.ts:3:") })
	is(1)
	r.file("rules.ts", versioned(2))
	eventually(t, "version 2", func() bool { got, err := versionOf(t.Context(), p); must(t, err); return got == 2 })
	eventually(t, "all is well", func() bool { return !strings.Contains(r.ready(), `"ok":false`) })

	r.file("rules.ts", versioned(3))
	eventually(t, "the failure is shown", func() bool {
		text := r.ready()
		return strings.Contains(text, "--- FAIL: is the version that is wanted") && strings.Contains(text, "got       3")
	})
	is(2)
	r.file("rules.test.ts", expecting(3))
	eventually(t, "version 3", func() bool { got, err := versionOf(t.Context(), p); must(t, err); return got == 3 })
}

// TestTestsOff: with test_on_reload = false nobody asks the tests.
func TestTestsOff(t *testing.T) {
	r := newScripted(t, strings.Replace(scriptBlock, "timeout ", "test_on_reload = false\n    timeout ", 1), versioned(1))
	p := r.player("ann")
	r.file("rules.test.ts", expecting(7))
	r.file("rules.ts", versioned(2))
	eventually(t, "version 2", func() bool { got, err := versionOf(t.Context(), p); must(t, err); return got == 2 })
}

// TestTestsAtTheStart: a script whose tests fail serves, and the log tells of them, then
// and at every change.
func TestTestsAtTheStart(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "rules.ts"), versioned(1))
	writeFile(t, filepath.Join(dir, "rules.test.ts"), expecting(2))
	game := strings.TrimSuffix(strings.TrimSpace(stubGame("arena", "http://127.0.0.1:1", "")), "}")
	path := writeConfig(t, t.TempDir(), game+strings.ReplaceAll(scriptBlock, "DIR", dir)+"\n}\n")
	cfg, found := config.Load(path, config.Options{Files: config.RequireFiles})
	must(t, found.Err())
	core, seen := observer.New(zap.WarnLevel)
	node, err := server.Start(t.Context(), server.Options{Config: cfg, Version: "test", Logger: zap.New(core)})
	must(t, err)
	defer func() { must(t, node.Stop(context.Background())) }()
	logged := func(level zapcore.Level, first string) func() bool {
		return func() bool {
			for _, e := range seen.FilterLevelExact(level).All() {
				if strings.HasPrefix(e.Message, first) && strings.Contains(e.Message, "\n    rules.test.ts:3:") {
					return true
				}
			}
			return false
		}
	}
	eventually(t, "the warning", logged(zap.WarnLevel, `script "rules.ts" of game arena is in use although it fails its tests`))
	writeFile(t, filepath.Join(dir, "rules.ts"), versioned(3))
	eventually(t, "the error", logged(zap.ErrorLevel, `script "rules.ts" of game arena fails its tests; version `))
}
