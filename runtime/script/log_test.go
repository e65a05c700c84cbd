package script_test

import (
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/muster-gg/muster/runtime/script"
)

// observed loads f, calls it, and returns what was logged.
func observed(t *testing.T, body string) []observer.LoggedEntry {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	v := load(t, one(body), func(o *script.Options) { o.Logger = zap.New(core) })
	if _, err := rpc(t, v, "p"); err != nil {
		t.Fatal(err)
	}
	return logs.All()
}

func TestLog(t *testing.T) {
	lines := observed(t, `(ctx) => {
		ctx.log.info("joined", { who: "ann", n: 1, deep: { a: [1] }, failed: new TypeError("x"), none: undefined });
		ctx.log.debug("plain");
		console.log("a", 1, { b: [true, null] }, undefined, new Map());
		console.error("two\nlines");
		ctx.log.warn({ a: 1 }, "text");
	}`)
	want := []struct {
		level   zapcore.Level
		message string
		at      string
	}{
		{zap.InfoLevel, "joined", "arena.ts:2:"},
		{zap.DebugLevel, "plain", "arena.ts:3:"},
		{zap.InfoLevel, `a 1 {"b":[true,null]} undefined a Map`, "arena.ts:4:"},
		{zap.ErrorLevel, "two lines", "arena.ts:5:"},
		{zap.WarnLevel, `{"a":1}`, "arena.ts:6:"},
	}
	if len(lines) != len(want) {
		t.Fatalf("the lines are %v", lines)
	}
	for i, line := range lines {
		fields := line.ContextMap()
		if line.Level != want[i].level || line.Message != want[i].message {
			t.Errorf("line %d is %s %q", i, line.Level, line.Message)
		}
		if at, _ := fields["at"].(string); !strings.HasPrefix(at, want[i].at) {
			t.Errorf("line %d comes from %q", i, at)
		}
		if fields["game"] != "arena" || fields["hook"] != "arena" || fields["point"] != "rpc" {
			t.Errorf("line %d has %v", i, fields)
		}
	}
	fields, _ := lines[0].ContextMap()["fields"].(map[string]any)
	failed, _ := fields["failed"].(string)
	if fields["who"] != "ann" || fields["n"] != 1.0 || !strings.Contains(failed, "arena.ts:2:") || !strings.HasSuffix(failed, "TypeError: x") {
		t.Errorf("the fields are %v", fields)
	}
}

// TestLogOfAStack shows the author's places, not the bundle's.
func TestLogOfAStack(t *testing.T) {
	lines := observed(t, "(ctx) => {\n\n\n  ctx.log.info(new Error('x').stack);\n}")
	if len(lines) != 1 || !strings.Contains(lines[0].Message, "arena.ts:4:") || strings.Contains(lines[0].Message, "bundle.js") {
		t.Errorf("the lines are %v", lines)
	}
}

func TestLogIsBounded(t *testing.T) {
	lines := observed(t, `() => { for (let i = 0; i < 1000; i++) console.log(i) }`)
	if len(lines) != 101 || !strings.Contains(lines[100].Message, "logs too much") {
		t.Errorf("there are %d lines", len(lines))
	}
	lines = observed(t, `() => { for (let i = 0; i < 50; i++) console.log("x".repeat(10000)) }`)
	if len(lines) > 20 || len(lines[0].Message) > 4096 {
		t.Errorf("there are %d lines, the first of %d bytes", len(lines), len(lines[0].Message))
	}
}

func TestUnhandledRejections(t *testing.T) {
	lines := observed(t, "(ctx) => {\n  (async () => {\n    throw new Error('lost');\n  })();\n  Promise.reject(1).catch(() => 0);\n}")
	if len(lines) != 1 || !strings.Contains(lines[0].Message, "nobody awaits") || lines[0].ContextMap()["at"] != "arena.ts:3:11" {
		t.Errorf("the lines are %v", lines)
	}
	lines = observed(t, `() => new Promise((done) => { setTimeout(() => { throw new Error("in a timer") }, 1); setTimeout(done, 5) })`)
	if len(lines) != 1 || !strings.Contains(lines[0].Message, "an error in a timer") {
		t.Errorf("the lines are %v", lines)
	}
}
