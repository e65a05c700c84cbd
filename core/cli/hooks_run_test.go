package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// muster runs the command line, and is told the status that it must end with.
func muster(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, errOut bytes.Buffer
	if code := Main(args, "1.2.3", &out, &errOut); code != want {
		t.Fatalf("muster %s: status %d\n%s%s", strings.Join(args, " "), code, out.String(), errOut.String())
	}
	return out.String() + errOut.String()
}

func has(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
}

// TestHooksNew: what is written passes its test, is taken by the config, and is never
// written over.
func TestHooksNew(t *testing.T) {
	t.Chdir(t.TempDir())
	said := muster(t, 0, "hooks", "new", "rules")
	has(t, said, "hooks/rules.ts: written", "hooks/rules.test.ts: written", "hooks/muster.d.ts: written", "hooks/muster-test.d.ts: written", "hooks/tsconfig.json: written", `entry   = "hooks/rules.ts"`)
	has(t, muster(t, 0, "hooks", "test", "hooks"), "ok    rules.test.ts  3 tests")
	has(t, muster(t, 1, "hooks", "new", "rules"), "hooks/rules.ts is there already")

	_, block, _ := strings.Cut(said, "block of a game:\n\n")
	block, _, _ = strings.Cut(block, "\n\n")
	config := "game \"arena\" {\n" + block + "\n}\n"
	if err := os.WriteFile("config.hcl", []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	has(t, muster(t, 0, "config", "check"), "config.hcl: ok")
	has(t, muster(t, 0, "hooks", "test"), "ok    rules.test.ts  3 tests") // finds them by the config
	has(t, muster(t, 0, "hooks", "test", "-v", "-run", "visits"), "--- PASS: visits are counted", "1 test ")
	has(t, muster(t, 1, "hooks", "test", "-run", "zzz"), `no test in hooks has a name that matches "zzz"`)
	has(t, muster(t, 0, "hooks", "bench", "-n", "5"), "hooks/rules.ts, 5 calls each:", "assignTeam", "rpc.visits", "MEDIAN", "Where the time of")
	has(t, muster(t, 2, "hooks", "test", "-config", "config.hcl", "hooks"), "folders or -config, not both")
}

// TestHooksTestFails: a test that fails is shown, and is the status.
func TestHooksTestFails(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.test.ts": "import { test, expect } from \"muster/test\";\ntest(\"good\", () => {});\ntest(\"bad\", () => {\n  expect(1).toBe(2);\n});\n",
		"b.test.ts": "import { test } from \"muster/test\";\ntest(\"fine\", () => {});\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	has(t, muster(t, 1, "hooks", "test", dir), "--- FAIL: bad (", "a.test.ts:4:13: expected the same value", "FAIL  a.test.ts  1 of 2 tests failed", "ok    b.test.ts  1 test ", "\n1 of 3 tests failed\n")
	has(t, muster(t, 0, "hooks", "test", filepath.Join(dir, "b.test.ts")), "ok    b.test.ts")
}
