package bundle_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/runtime/script/bundle"
)

func TestExports(t *testing.T) {
	r := must(t, files{
		"arena.ts": `import type { Lobby } from "muster";
import { Context } from "muster";
import { half as part } from "./lib/teams";
export * from "./lib/more.js";
export function validateStart(ctx: Context, lobby: Lobby) { return part(8) }
const on = { lobbyCreated() {} };
const secret = 1;
export { on, secret as größe, part as size };
export let rpc = null;
rpc = { hello: () => 5 };
`,
		"lib/teams.ts": "import config from '../config.json'; export const half = (n: number): number => n / config.by;",
		"lib/more.ts":  "export const assignTeam = () => 'A', __proto__ = 1;",
		"config.json":  `{"by": 2, "unused": "kept out"}`,
	})
	if want := []string{"__proto__", "assignTeam", "on", "rpc", "size", "validateStart"}; !slices.Equal(r.Exports, want) {
		t.Errorf("got %v, want %v", r.Exports, want)
	}
	vm, exports := run(t, r)
	if len(exports) != len(r.Exports) {
		t.Errorf("got %v", exports)
	}
	_ = vm.Set("validateStart", exports["validateStart"])
	if v, err := vm.RunString("validateStart()"); err != nil || v.ToInteger() != 4 {
		t.Errorf("got %v, %v", v, err)
	}
	if exports["rpc"].ToObject(vm).Get("hello") == nil {
		t.Error("an export has not the value that it has at the end")
	}
	for _, name := range []string{"secret", "half", "config_default", "require"} {
		if vm.Get(name) != nil {
			t.Errorf("%s became a global", name)
		}
	}
	if strings.Contains(r.Code, "__commonJS") || strings.Contains(r.Code, "__export(") {
		t.Errorf("the code has helpers:\n%s", r.Code)
	}
}

// TestLanguage has what goja does not know by itself, and what it does.
func TestLanguage(t *testing.T) {
	r := must(t, files{"arena.ts": `
enum Side { A = 1, B }
namespace rules { export const most = 4 }
abstract class Base<T> { #hidden = 1; static made = 0; static { Base.made = 7 } constructor(readonly side: Side) {} get hidden() { return this.#hidden } has(o: object) { return #hidden in o } abstract x(): T }
class Team extends Base<number> { x = () => 2 as number; size?: number }
function double(value: any, context: any) { return function (this: any) { return 2 * value.call(this) } }
class Decorated { @double one() { return 1 } }
async function* count() { yield 1; yield 2 }
export async function later() { let sum = 0; for await (const n of count()) sum += n; return sum }
export function now(o?: { a?: { b: number } }) {
  let x = o?.a?.b ?? 10; x ||= 1; x **= 2;
  const { a, ...rest } = { a: 1, b: 2, c: 3 };
  const t = new Team(Side.B);
  let closed = 0;
  { using f = { [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() { closed = 1 } } as any }
  try { throw 1 } catch {}
  return [x, rest.c, t.side, t.hidden, t.has(t), Team.made, t.x(), rules.most, new Decorated().one(), closed, "a-b".match(/(?<l>\w)-(?<=-)(?<r>\p{L})/u)!.groups!.r, 1_000, [1, [2]].flat().length, ` + "`${x satisfies number}`" + `].join();
}
export function* generate() { yield* [1, 2] }
`})
	vm, exports := run(t, r)
	_ = vm.Set("now", exports["now"])
	v, err := vm.RunString("now()")
	if want := "100,3,2,1,true,7,2,4,2,1,b,1000,2,100"; err != nil || v.String() != want {
		t.Errorf("got %v, %v, want %s", v, err, want)
	}
	_ = vm.Set("later", exports["later"])
	_, err = vm.RunString("later().then(n => { done = n })")
	if v := vm.Get("done"); err != nil || v == nil || v.ToInteger() != 3 {
		t.Errorf("got %v, %v", v, err)
	}
	if v, err := vm.RunString("(function () { return this === undefined })()"); err != nil || v.ToBoolean() {
		t.Error("the strictness of the bundle reaches other code")
	}
}

func TestHash(t *testing.T) {
	f := files{"arena.ts": "import { a } from './a'; export const rpc = { a };\n", "a.ts": "export const a = 1\n", "notes.txt": "1"}
	first := must(t, f)
	if len(first.Hash) != 12 || strings.Trim(first.Hash, "0123456789abcdef") != "" {
		t.Errorf("hash %q", first.Hash)
	}
	f["notes.txt"] = "2"
	if second := must(t, f); second.Hash != first.Hash || second.Code != first.Code || string(second.SourceMap) != string(first.SourceMap) {
		t.Error("the same sources in another folder have another hash")
	}
	for _, text := range []string{"export const a = 2\n", "// Lines of errors move.\nexport const a = 1\n"} {
		if f["a.ts"] = text; must(t, f).Hash == first.Hash {
			t.Errorf("%q does not change the hash", text)
		}
	}
}

func TestFiles(t *testing.T) {
	root := folder(t, files{
		"arena.ts": "import './a'; import 'pack'; export const x = 1", "a.ts": "console", "b.ts": "",
		"node_modules/pack/package.json": `{"main": "x.js"}`, "node_modules/pack/x.js": "console",
	})
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		t.Fatal(err)
	}
	r, err := build(t, root)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, name := range []string{"a.ts", "arena.ts", "node_modules/pack/package.json", "node_modules/pack/x.js"} {
		want = append(want, filepath.Join(real, name))
	}
	if !slices.Equal(r.Files, want) {
		t.Errorf("got %v, want %v", r.Files, want)
	}
}

func TestEntry(t *testing.T) {
	root := folder(t, files{"hooks/arena.ts": "export const a = 1", "other.ts": "", "hooks/out.ts": "-> ../other.ts", "hooks/in.ts": "-> arena.ts", "hooks/data.json": "{}", "hooks/x.css": "", "hooks/dir.ts/a": ""})
	for name, want := range map[string]string{
		"hooks/none.ts": "none.ts: error: There is no such file", "hooks/data.json": "data.json: error: The entry must be a script",
		"hooks/x.css": "x.css: error: The entry is none of .ts, .mts, .js, .mjs, .cjs, .json", "hooks/dir.ts": "dir.ts: error: The entry is not a file",
		"hooks/out.ts": "out.ts: error: The entry leads out of the hooks folder", "other.ts": "other.ts: error: The entry leads out of the hooks folder",
	} {
		_, err := bundle.Build(t.Context(), bundle.Options{Entry: filepath.Join(root, name), Root: filepath.Join(root, "hooks")})
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
	if r, err := bundle.Build(t.Context(), bundle.Options{Entry: filepath.Join(root, "hooks/in.ts")}); err != nil || len(r.Exports) != 1 {
		t.Error(r, err)
	}
	if _, err := bundle.Build(t.Context(), bundle.Options{Entry: filepath.Join(root, "none/arena.ts")}); err == nil {
		t.Error("a folder that is not there was bundled")
	}
}

func TestContext(t *testing.T) {
	// The compiler tries twice what this may mean, at each level.
	slow := "export const x = " + strings.Repeat("a ? (b) : c => ", 15) + "1" + strings.Repeat(" : d", 15)
	root := folder(t, files{"arena.ts": slow})
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := bundle.Build(ctx, bundle.Options{Entry: filepath.Join(root, "arena.ts")})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkBuild(b *testing.B) {
	var code strings.Builder
	code.WriteString("import type { Context, Lobby } from 'muster';\nimport { size } from './teams';\n")
	for i := range 40 {
		n := string(rune('a'+i%26)) + strings.Repeat("x", i/26)
		code.WriteString("export function " + n + "(ctx: Context, lobby: Lobby): string | void {\n  const most = Math.max(...lobby.teams.map(t => size(t)));\n" +
			"  if (most > 4) {\n    return ctx.refuse(`over ${most} players in ${lobby.name}`);\n  }\n}\n")
	}
	root := folder(b, files{"arena.ts": code.String(), "teams.ts": "export const size = (t: any): number => t.players.length;\n"})
	for b.Loop() {
		if _, err := build(b, root); err != nil {
			b.Fatal(err)
		}
	}
}
