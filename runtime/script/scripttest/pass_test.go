package scripttest_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/muster-gg/muster/runtime/script/scripttest"
)

// TestPasses: everything that the kit has does what it says.
func TestPasses(t *testing.T) {
	for name, source := range map[string]string{
		"the world of a test": `import { rpc } from "./arena.ts";
			for (const name of ["one", "two"]) test(name, async (t) => {
				expect(t.name).toBe(name);
				expect(t.clock.now()).toBe(Date.UTC(2026, 0, 1));
				expect(Date.now()).toBe(t.ctx.now());
				const got = await rpc.count(t.ctx);
				expect(got).toMatchObject({ who: "ann", point: "rpc", calls: 1, stored: 1 });
				expect(got.roll).toBeCloseTo(FIRST, 12);
				expect(t.ctx.game).toBe("test");
				expect(() => { (t.ctx as any).game = "x"; }).toThrow();
			});`,
		"storage": `import { rpc } from "./arena.ts";
			test("one", async (t) => {
				await t.storage.set("count", 41);
				expect((await rpc.count(t.ctx)).stored).toBe(42);
				expect(await t.storage.get("count")).toBe(42);
				t.clock.advance(5);
				await t.storage.account("ann").set("x", { y: [1] });
				expect((await t.storage.account("ann").entry("x"))!.updatedAt).toBe(t.clock.now());
				t.eraseAccount("ann");
				expect(await t.storage.account("ann").get("x")).toBeUndefined();
				await expect(t.storage.account("ann").set("x", 1)).toThrow("account");
			});`,
		"random numbers": `import { rpc } from "./arena.ts";
			test("one", (t) => {
				t.random(7);
				const first = [t.ctx.random(), Math.random()];
				t.random(7);
				expect([Math.random(), t.ctx.random()]).toEqual(first);
				t.random(8);
				expect(t.ctx.random()).not.toBe(first[0]);
				t.random([0.25, 0.5]);
				expect([t.ctx.random(), Math.random()]).toEqual([0.25, 0.5]);
				expect(() => t.random([1])).toThrow("up to, but not including, 1");
			});`,
		"time that passes by itself": `import { later } from "./arena.ts";
			test("one", async (t) => {
				await later(t.ctx);
				expect(t.notices).toEqual([{ accountId: "ann", kind: "late", payload: { at: Date.UTC(2026, 0, 1, 0, 1) } }]);
				const order: string[] = [];
				setTimeout(() => order.push("second"), 20);
				setTimeout(() => order.push("first"), 10);
				t.clock.advance(500);
				await new Promise((done) => setTimeout(done, 1));
				expect(order).toEqual(["first", "second"]);
				expect(() => t.clock.advance(-1)).toThrow("0 or more");
			});`,
		"fetch": `import { skill } from "./arena.ts";
			test("one", async (t) => {
				t.fetch("https://api.example.com/skill", { json: { skill: 7 } }, { status: 503 }, { error: "fetch_timeout" });
				expect(await skill(t.ctx)).toBe(7);
				await expect(skill(t.ctx)).toThrow();
				await expect(() => skill(t.ctx)).toThrow("lets this fail");
				t.fetch(/EXAMPLE\.com/i, "{\"skill\": 9}");
				expect(await skill(t.ctx)).toBe(9);
				expect(t.requests).toHaveLength(4);
				expect(t.requests[0]).toEqual({ method: "POST", url: "https://api.example.com/skill", headers: { "x-game": "test" }, body: "ann" });
				expect(() => t.fetch("https://x.example.com", { status: 99 })).toThrow("200 to 599");
				expect(() => t.fetch("https://x.example.com", { error: "no" } as any)).toThrow("fetch_refused");
			});`,
		"refusals": `import { validateStart } from "./arena.ts";
			const alone = lobby({ teams: { A: ["ann"], B: [] } });
			test("one", async (t) => {
				expect(() => validateStart(t.ctx, alone)).toRefuse();
				expect(() => validateStart(t.ctx, alone)).toRefuse("both teams");
				expect(() => validateStart(t.ctx, alone)).toRefuse(/^both teams need a player$/, { ann: "you are alone" });
				expect(() => validateStart(t.ctx, alone)).not.toRefuse("something else");
				expect(() => validateStart(t.ctx, lobby({ teams: { A: ["ann"], B: ["bob"] } }))).not.toRefuse();
				expect(() => ({ allow: false, reason: "no" })).toRefuse("no");
				await expect(async () => validateStart(t.ctx, alone)).toRefuse("both");
				await expect(Promise.resolve(true)).not.toRefuse();
			});`,
		"builders": `test("one", () => {
				expect(lobby({ teams: { A: ["ann", player("bot-1", { properties: { x: 1 } })], B: [] }, size: 2, name: "Friday" })).toEqual({
					id: "lobby-1", name: "Friday", ownerId: "ann", state: "open", properties: {},
					teams: [
						{ name: "A", size: 2, players: [player("ann"), player("bot-1", { properties: { x: 1 } })] },
						{ name: "B", size: 2, players: [] },
					],
				});
				expect(player("bot-1").bot).toBe(true);
				expect(player("ann", { identities: [{ provider: "steam" }] }).identities).toEqual([{ provider: "steam", subject: "", username: "" }]);
				expect(context({ point: "match_result", player: player("bob") })).toMatchObject({ point: "match_result", player: { accountId: "bob" } });
			});`,
		"matchers": `test("one", () => {
				expect(NaN).toBe(NaN);
				expect({ a: 1, b: undefined }).toEqual({ a: 1 });
				expect({ a: [1, { b: 2 }] }).not.toEqual({ a: [1, { b: 3 }] });
				expect([1]).not.toEqual({ 0: 1 });
				expect(new Map([["a", [1]]])).toEqual(new Map([["a", [1]]]));
				expect(new Set([[1]])).toEqual(new Set([[1]]));
				expect(new Set([1])).not.toEqual(new Set([2]));
				expect(new Date(5)).not.toEqual(new Date(6));
				const loop: any = { a: 1 }; loop.self = loop;
				const other: any = { a: 1 }; other.self = other;
				expect(loop).toEqual(other);
				expect({ a: 1, b: { c: 2, d: 3 } }).toMatchObject({ b: { c: 2 } });
				expect({ a: 1 }).not.toMatchObject({ b: 1 });
				expect("arena").toMatch(/^a/);
				expect("arena").toMatch("ren");
				expect([{ a: 1 }]).toContain({ a: 1 });
				expect(new Set([1])).toContain(1);
				expect("abc").not.toContain("x");
				expect([1, 2]).toHaveLength(2);
				expect(undefined).toBeUndefined(); expect(0).toBeDefined(); expect(null).toBeNull();
				expect("x").toBeTruthy(); expect("").toBeFalsy();
				expect(2).toBeGreaterThan(1); expect(1).toBeLessThan(2); expect(0.1 + 0.2).toBeCloseTo(0.3);
				expect(() => { throw new TypeError("no x"); }).toThrow(/x$/);
				expect(() => 1).not.toThrow();
			});`,
	} {
		t.Run(name, func(t *testing.T) {
			f, text := run(t, strings.ReplaceAll(source, "FIRST", first))
			if f.Failed() || len(f.Tests) == 0 {
				t.Error(text)
			}
		})
	}
}

// first is the first random number of every test.
const first = "0.3402859786606234"

// TestRun picks tests by their names.
func TestRun(t *testing.T) {
	f, text := run(t, `test("one", () => {}); test("two", () => { throw new Error("no"); });`, func(o *scripttest.Options) { o.Run = regexp.MustCompile("^o") })
	if len(f.Tests) != 1 || f.Tests[0].Name != "one" || f.Failed() {
		t.Error(text)
	}
}

// TestFind finds tests wherever they stand, and not those of packages.
func TestFind(t *testing.T) {
	dir := folder(t, map[string]string{
		"arena.ts": "", "arena.test.ts": "", "sub/b.test.js": "", "node_modules/x/x.test.js": "", ".git/y.test.ts": "", "test.ts": "", "x.test.json": "",
	})
	files, err := scripttest.Find(dir)
	if err != nil || strings.Join(files, " ") != "arena.test.ts sub/b.test.js" {
		t.Errorf("%q, %v", files, err)
	}
	if report, err := scripttest.Run(t.Context(), scripttest.Options{Dir: t.TempDir()}); err != nil || len(report.Files) != 0 {
		t.Errorf("a folder without tests: %v, %v", report, err)
	}
	if _, err := scripttest.Run(t.Context(), scripttest.Options{Dir: dir + "/none"}); err == nil {
		t.Error("a folder that is not there has been tested")
	}
}
