package scripttest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/runtime/script/scripttest"
)

// TestFails: what fails is said at the author's own place, readably.
func TestFails(t *testing.T) {
	for name, c := range map[string]struct{ source, want string }{
		"not the same": {`test("x", () => expect(1).toBe(2));`, `arena.test.ts:2:27: expected the same value
        test("x", () => expect(1).toBe(2));
                                  ^
      expected  2
      got       1
FAIL  arena.test.ts  1 of 1 test failed`},
		"not equal": {`test("x", () => expect({ teams: [{ name: "A", accountIds: ["ann", "bob", "cat"] }] }).toEqual({ teams: [{ name: "A", accountIds: ["ann", "bob", "dan"] }] }));`, `
      - expected
      + got
        {
      -   teams: [{ name: "A", accountIds: ["ann", "bob", "dan"] }],
      +   teams: [{ name: "A", accountIds: ["ann", "bob", "cat"] }],
        }`},
		"no refusal": {"import { validateStart } from \"./arena.ts\";\ntest(\"x\", (t) => expect(() => validateStart(t.ctx, lobby({ teams: { A: [\"ann\"] } }))).toRefuse(\"alone\"));", `arena.test.ts:3:87: expected a refusal`},
		"another reason": {`import { validateStart } from "./arena.ts"; test("x", (t) => expect(() => validateStart(t.ctx, lobby({ teams: { A: [] } }))).toRefuse("alone", {}));`,
			`expected  a refusal of "alone", for players {}
      got       a refusal of "both teams need a player", for players { ann: "you are alone" }`},
		"a refusal nobody expects": {"import { validateStart } from \"./arena.ts\";\ntest(\"x\", (t) => validateStart(t.ctx, lobby({ teams: { A: [] } })));",
			"arena.ts:5:9: ctx.refuse(\"both teams need a player\") ended the test; if that is right: expect(() => …).toRefuse()"},
		"called by":          {"import { validateStart } from \"./arena.ts\";\ntest(\"x\", (t) => validateStart(t.ctx, lobby({ teams: { A: [] } })));", "called by arena.test.ts:3:18"},
		"after an await":     {"test(\"x\", async (t) => {\n  await t.storage.get(\"x\");\n  expect(1).toBe(2);\n});", "arena.test.ts:4:13: expected the same value"},
		"a promise":          {"import { skill } from \"./arena.ts\";\ntest(\"x\", async (t) => {\n  t.fetch(/./, \"{}\");\n  await expect(skill(t.ctx)).toThrow();\n});", "arena.test.ts:5:30: expected an error"},
		"not awaited":        {`import { later } from "./arena.ts"; test("x", (t) => { expect(later(t.ctx)).toThrow(); });`, "write await expect(…)"},
		"failed unseen":      {`test("x", async (t) => { expect(Promise.resolve(1)).toThrow("x"); await t.storage.get("y"); });`, `expected an error of "x"`},
		"an endless loop":    {`test("x", () => { for (;;); });`, "the test took over 200ms and was stopped here"},
		"waits for ever":     {`test("x", () => new Promise(() => {}));`, "can never be settled"},
		"deep recursion":     {`const f = (): any => f() + 1; test("x", () => f());`, "functions call each other over 1000 levels deep"},
		"an error":           {`test("x", () => { (undefined as any).y; });`, "arena.test.ts:2:38: TypeError: Cannot read property 'y' of undefined"},
		"an unmet request":   {`import { skill } from "./arena.ts"; test("x", async (t) => { await skill(t.ctx).catch(() => {}); });`, `no answer for POST https://api.example.com/skill: give one with t.fetch("https://api.example.com/skill", { json: … })`},
		"what it has logged": {`test("x", (t) => { t.ctx.log.warn("careful", { team: "A" }); throw new Error("no"); });`, `warn: careful {"team":"A"} (arena.test.ts:2:30)`},
		"the lock-down":      {`test("x", () => new Function("return 1"));`, "Function is not available in hooks"},
		"a limit":            {`test("x", () => "x".repeat(2 ** 28));`, "RangeError: repeat of 268435456 is too much for a hook"},
		"a test in a test":   {`test("x", () => test("y", () => {}));`, "test cannot be called inside of a test"},
		// Of the file as a whole.
		"two of a name":   {`test("x", () => {}); test("x", () => {});`, `there are two tests with the name "x"`},
		"no function":     {`test("x", undefined as any);`, `test "x" needs a function`},
		"no such import":  {`import { x } from "./aren.ts"; test("x", x);`, `arena.test.ts:2:19: error: Could not resolve "./aren.ts" (did you mean "./arena.ts"?)`},
		"a way out":       {`import { x } from "../../x.ts"; test("x", x);`, "leads out of the hooks folder"},
		"endless outside": {`for (;;);`, "the code outside of functions does not come to an end"},
		"no syntax":       {`test("x", () => {`, "arena.test.ts:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, text := run(t, c.source, func(o *scripttest.Options) { o.Timeout = 200 * time.Millisecond })
			if !f.Failed() || !strings.Contains(text, c.want) || !strings.Contains(text, "FAIL  arena.test.ts") {
				t.Errorf("got\n%s\nwant\n%s", text, c.want)
			}
		})
	}
}

// TestFailureIsOfOneTest: others of the file go on, whatever one does.
func TestFailureIsOfOneTest(t *testing.T) {
	f, text := run(t, `test("loop", () => { for (;;); });
test("tamper", () => { Array.prototype.map = () => { throw new Error("broken"); }; (Object.prototype as any).x = 1; throw new Error("no"); });
test("fine", (t) => expect(t.requests.map((r) => r)).toEqual([]));`, func(o *scripttest.Options) { o.Timeout = 200 * time.Millisecond })
	if len(f.Tests) != 3 || f.Tests[0].Failure == nil || f.Tests[1].Failure == nil || f.Tests[2].Failure != nil {
		t.Error(text)
	}
}

// TestStopped: the tests end with their context, as an error.
func TestStopped(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	dir := folder(t, map[string]string{"arena.test.ts": imports + `for (const n of [1, 2, 3, 4, 5, 6, 7]) test("x" + n, () => { for (;;); });`})
	began := time.Now()
	if _, err := scripttest.Run(ctx, scripttest.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "arena.test.ts") {
		t.Errorf("stopped tests: %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the end took %v", took)
	}
}

// TestFailures is what a log has of a report: what failed, not what passed.
func TestFailures(t *testing.T) {
	dir := folder(t, map[string]string{"a.test.ts": imports + `test("good", () => {}); test("bad", () => expect(1).toBe(2));`, "b.test.ts": imports + `test("fine", () => {});`})
	report, err := scripttest.Run(t.Context(), scripttest.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	text := report.Failures()
	if tests, failed := report.Counts(); tests != 3 || failed != 1 || !report.Failed() {
		t.Errorf("%d tests, %d failed", tests, failed)
	}
	if !strings.Contains(text, "--- FAIL: bad") || !strings.Contains(text, "a.test.ts:2:") || strings.Contains(text, "PASS") || strings.Contains(text, "b.test.ts") {
		t.Error(text)
	}
}
