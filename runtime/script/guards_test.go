package script_test

import (
	"testing"
)

// TestGuardedBuiltins holds that built-in functions do behind their guards what they
// do without.
func TestGuardedBuiltins(t *testing.T) {
	tests := map[string]struct {
		body string
		want any
	}{
		"names":         {`[[].map.name, [].map.length, "".repeat.name, JSON.stringify.length, /x/.exec.name, Uint8Array.name, RegExp.length, new RegExp("x").constructor === RegExp]`, []any{"map", 1.0, "repeat", 3.0, "exec", "Uint8Array", 2.0, true}},
		"no new":        {`{ try { new [].map() } catch (e) { return e.name } }`, "TypeError"},
		"not listed":    {`[Object.keys(Array.prototype), Object.keys(globalThis).length, Object.keys("".constructor)]`, []any{[]any{}, 0.0, []any{}}},
		"flat":          {`[[1, [2, [3, , [4]]]].flat(), [1, [2, [3, [4]]]].flat(Infinity), [[1]].flat(0), [, [, 1]].flat().length, Array.prototype.flat.call({ length: 1, 0: [5] })]`, []any{[]any{1.0, 2.0, []any{3.0, nil, []any{4.0}}}, []any{1.0, 2.0, 3.0, 4.0}, []any{[]any{1.0}}, 1.0, []any{5.0}}},
		"join":          {`[[1, , null, [2, [3]], {}].join("-"), [].join(), ["ü"].join(), "" + [1, [2]], [1, 2].toLocaleString(), [1, 2].join(undefined)]`, []any{"1---2,3-[object Object]", "", "ü", "1,2", "1,2", "1,2"}},
		"concat":        {`[[1].concat(2, [3], [[4]]), [].concat({ length: 1, 0: "x", [Symbol.isConcatSpreadable]: true }), "a".concat(1, null, [2])]`, []any{[]any{1.0, 2.0, 3.0, []any{4.0}}, []any{"x"}, "a1null2"}},
		"sort":          {`[[3, 1, 10].sort(), [3, 1, 10].sort((a, b) => a - b), [3, , undefined, 1].sort().length, [2, 1].toSorted()]`, []any{[]any{1.0, 10.0, 3.0}, []any{1.0, 3.0, 10.0}, 4.0, []any{1.0, 2.0}}},
		"sort many":     {`{ const a = Array.from({ length: 3000 }, (_, i) => (i * 7919) % 3000); const b = [...a].sort(), c = [...a].sort((x, y) => x - y), d = [...a].sort(Math.min.bind(null)); return [b.slice(0, 3), c.slice(0, 3), b[2999], c[2999], d.length] }`, []any{[]any{0.0, 1.0, 10.0}, []any{0.0, 1.0, 2.0}, 999.0, 2999.0, 3000.0}},
		"split":         {`["a,b,,c".split(","), "abc".split(""), "abc".split(), "a1b22c".split(/\d+/), "a1b2".split(/(\d)/), "abc".split(/(?:)/), "abc".split(/x/), "".split(/x/), "".split(/(?:)/), "a,b,c".split(/,/, 2), "a,b".split(",", 1), "a,b".split(/,/, 0), "abc".split(/b|$/), "ab".split(/a*?/), "ab".split(/a*/), "A<B>b</B>".split(/<(\/)?([^<>]+)>/), "a b  c".split(/\s/g), "xay".split(/a/y)]`, []any{[]any{"a", "b", "", "c"}, []any{"a", "b", "c"}, []any{"abc"}, []any{"a", "b", "c"}, []any{"a", "1", "b", "2", ""}, []any{"a", "b", "c"}, []any{"abc"}, []any{""}, []any{}, []any{"a", "b"}, []any{"a"}, []any{}, []any{"a", "c"}, []any{"a", "b"}, []any{"", "b"}, []any{"A", nil, "B", "b", "/", "B", ""}, []any{"a", "b", "", "c"}, []any{"x", "y"}}},
		"replace":       {`["aXbX".replace("X", "-"), "aXbX".replaceAll("X", "-"), "aXb".replace("X", "[$&|$$|$'|` + "$`" + `]"), "abc".replace(/(b)(c)?/, "<$1$2$3$10$01$>"), "abc".replace(/(?<x>b)/, "<$<x>$<y>>"), "abc".replace(/(b)/, "$<x>"), "abab".replace(/b/g, "$'"), "aa".replaceAll(/a/g, (m, at) => m + at), "x".replace("x"), "abc".replace(/x/, "y"), "x".replace("x", "$"), "x".replace("x", "$0$00$"), "xyz".replace("", "_"), "xy".replaceAll("", "_")]`, []any{"a-bX", "a-b-", "a[X|$|b|a]b", "a<bc$3b0b$>", "a<b>c", "a$<x>c", "aaba", "a0a1", "undefined", "abc", "$", "$0$00$", "_xyz", "_x_y_"}},
		"regexp":        {`{ const g = /(?<y>\d{4})-(\d\d)/g; const m = g.exec("2024-05 2025-06"); return [m[0], m.index, m.groups.y, g.lastIndex, "2024-05 2025-06".match(g), [..."2024-05 2025-06".matchAll(g)].map((m) => m[2]), "x2024-05".search(g), /a/.test("b"), "abc".match(/b/).index, "b".match(/x/), /(?<=a)b/.exec("ab").index, /^(?!x)/.test("x"), RegExp("a").source, new RegExp(/b/g).flags, /x/g[Symbol.replace]("axbx", "")] }`, []any{"2024-05", 0.0, "2024", 7.0, []any{"2024-05", "2025-06"}, []any{"05", "06"}, 1.0, false, 1.0, nil, 1.0, false, "a", "g", "ab"}},
		"own regexps":   {`{ class R extends RegExp { exec(s) { const m = super.exec(s); if (m) m[0] = "!"; return m } } const r = new R("b", "g"); return [r instanceof R, r instanceof RegExp, "abc".match(r), r.test("b"), R[Symbol.species] === R, "abc".replace(new R("b"), "[$&]")] }`, []any{true, true, []any{"!"}, true, true, "a[!]c"}},
		"sticky":        {`{ const y = /a/y; y.lastIndex = 1; return [y.test("ba"), y.lastIndex, y.test("ba"), y.lastIndex, /(?=a)b/g.test("x")] }`, []any{true, 2.0, false, 0.0, false}},
		"stringify":     {`[JSON.stringify({ a: [1, { b: undefined, c: () => 1 }], d: new Date(0) }), JSON.stringify([undefined]), JSON.stringify({ a: 1, b: { a: 2, c: 3 }, c: [{ a: 4, x: 5 }] }, ["a", "b", "c"]), JSON.stringify({ b: 1, a: 2 }, ["a", "b"]), JSON.stringify({ a: 1 }, (k, v) => (k === "a" ? [v] : v)), JSON.stringify({ a: [1, {}] }, null, 2), JSON.stringify("x"), JSON.stringify(undefined), JSON.stringify({ a: 1 }, null, "--"), JSON.stringify(new String("s")), JSON.stringify({ a: 1, 1: 2 }, [1])]`, []any{`{"a":[1,{}],"d":"1970-01-01T00:00:00.000Z"}`, "[null]", `{"a":1,"b":{"a":2,"c":3},"c":[{"a":4}]}`, `{"a":2,"b":1}`, `{"a":[1]}`, "{\n  \"a\": [\n    1,\n    {}\n  ]\n}", `"x"`, nil, "{\n--\"a\": 1\n}", `"s"`, `{"1":2}`}},
		"circular":      {`{ const a = {}; a.a = a; try { JSON.stringify(a) } catch (e) { return e.message } }`, "Converting circular structure to JSON"},
		"parse":         {`[JSON.parse('{"a":[1]}', (k, v) => (k === "a" ? v.length : v)), JSON.parse(" 1 "), JSON.parse(5)]`, []any{map[string]any{"a": 1.0}, 1.0, 5.0}},
		"from":          {`[Array.from("aü😀"), Array.from([1, 2], (x) => x * 2), Array.from(new Set([1, 1, 2])), Array.from({ length: 2, 0: "x" }), Array.from(new Map([[1, 2]])), Array.of(1, 2), Array.from(5)]`, []any{[]any{"a", "ü", "😀"}, []any{2.0, 4.0}, []any{1.0, 2.0}, []any{"x", nil}, []any{[]any{1.0, 2.0}}, []any{1.0, 2.0}, []any{}}},
		"spread":        {`{ const own = { *[Symbol.iterator]() { yield 1; yield 2 } }; const m = new Map([[1, 2]]); return [[...own, ..."ab", ...m, ...new Set([3]), ...[4].keys()], Math.max(...own), new Date(...[0]).getTime(), { ...{ a: 1 }, ..."x", ...[9], ...null }, [...new Uint8Array([7])], Object.fromEntries(m)] }`, []any{[]any{1.0, 2.0, "a", "b", []any{1.0, 2.0}, 3.0, 0.0}, 2.0, 0.0, map[string]any{"a": 1.0, "0": 9.0}, []any{7.0}, map[string]any{"1": 2.0}}},
		"no spread":     {`{ const say = (f) => { try { f() } catch (e) { return e.name } }; return [say(() => [...5]), say(() => Math.max(...null)), say(() => [...{}])] }`, []any{"TypeError", "TypeError", "TypeError"}},
		"spread throws": {`{ let n = 0; const own = { [Symbol.iterator]: () => ({ next() { if (n++ === 2) throw new Error("no"); return { value: n, done: false } } }) }; try { return [...own] } catch (e) { return [e.message, n] } }`, []any{"no", 3.0}},
		"for in":        {`{ const keys = []; for (const k in { a: 1, b: 2 }) keys.push(k); for (const k in "xy") keys.push(k); for (const k in null) keys.push(k); return keys }`, []any{"a", "b", "0", "1"}},
		"templates":     {"{ const a = 1, o = { toString: () => 's', valueOf: () => 'v' }; return [`${a}${a}`, `${a}-${o}-${a}-${o}-${a}|${a}`, `${1}${2}${3}${4}${5}${6}${7}${8}${9}.`, `x${1}y${2}z${3}w${4}v`] }", []any{"11", "1-s-1-s-1|1", "123456789.", "x1y2z3w4v"}},
		"order":         {"{ const log = []; const f = (x) => ({ toString: () => (log.push(x), x) }); `${f(1)}${f(2)}${f(3)}${f(4)}${f(5)}${f(6)}`; return log }", []any{1.0, 2.0, 3.0, 4.0, 5.0, 6.0}},
		"plus":          {`{ let s = "ab", n = 3; const o = { p: [1] }; s += s; n += n; return [s, n, s + s, n + n, o.p + o.p] }`, []any{"abab", 6.0, "abababab", 12.0, "11"}},
		"apply":         {`[Math.max.apply(null, [1, 2]), Math.max.apply(null, { length: 2, 0: 1, 1: 5 }), Math.max.apply(null, [3]), Reflect.apply("".concat, "a", ["b"]), Reflect.construct(Array, [1, 2]), (function () { return [...arguments, arguments.length] }).apply(0, [1])]`, []any{2.0, 5.0, 3.0, "ab", []any{1.0, 2.0}, []any{1.0, 1.0}}},
		"keys":          {`[Object.keys("ab"), Object.entries([5]), Object.assign({}, "x", null, { a: 1 }), Reflect.ownKeys([1]).length, Object.keys(new Uint8Array(2)), Object.keys(ctx).length]`, []any{[]any{"0", "1"}, []any{[]any{"0", 5.0}}, map[string]any{"0": "x", "a": 1.0}, 2.0, []any{"0", "1"}, 12.0}},
		"typed":         {`[[...new Uint8Array([3, 1, 2]).sort()], [...Uint8Array.from([1, 2], (x) => x * 2)], [...Uint8Array.of(1)], new Uint8Array(new Set([1, 2])).length, new Uint8Array(new ArrayBuffer(8), 2, 3).length, new Uint8Array([1, 2]).join("-"), new Uint8Array(2) instanceof Uint8Array, Object.getPrototypeOf(Uint8Array) === Object.getPrototypeOf(Int8Array), Uint8Array.BYTES_PER_ELEMENT, [...new Float64Array([2, 1]).toSorted((a, b) => a - b)], new Uint8Array().length, new Uint8Array("3").length, new ArrayBuffer("8").byteLength, ArrayBuffer.isView(new DataView(new ArrayBuffer(1)))]`, []any{[]any{1.0, 2.0, 3.0}, []any{2.0, 4.0}, []any{1.0}, 2.0, 3.0, "1-2", true, true, 1.0, []any{1.0, 2.0}, 0.0, 3.0, 8.0, true}},
		"typed class":   {`{ class A extends Uint8Array { sum() { return this.reduce((a, b) => a + b, 0) } } const a = new A([1, 2, 3]); return [a.sum(), a.map((x) => x * 2).sum(), a.subarray(1).sum(), a instanceof A, a.slice(1) instanceof A] }`, []any{6.0, 12.0, 5.0, true, true}},
		"list class":    {`{ class A extends Array { last() { return this[this.length - 1] } } const a = A.from([1, 2]); return [a.last(), a.map((x) => x * 3).last(), a instanceof A, a.concat([9]).last(), [...a]] }`, []any{2.0, 6.0, true, 9.0, []any{1.0, 2.0}}},
		"texts":         {`["ab".repeat(2), "x".padEnd(3, "-"), "é".normalize("NFD").length, "a".localeCompare("b"), " x ".trim(), "aB".toUpperCase(), encodeURIComponent("ü/"), parseInt("12px"), parseFloat("1.5"), String.raw` + "`a\\n${1}`" + `, String.fromCharCode(65, 66), "abc".includes("b"), "".repeat(5), "a".repeat(0), "x".repeat("2"), String.prototype.repeat.call(12, 2)]`, []any{"abab", "x--", 2.0, -1.0, "x", "AB", "%C3%BC%2F", 12.0, 1.5, "a\\n1", "AB", true, "", "", "xx", "1212"}},
		"objects":       {`[({}).toString(), Object.prototype.toString.call([]), (() => 1).toString().length > 0, ({ toString: () => "x" }) + "", [1, [2]].toString(), (function f() {}).call.name, (() => 2).bind(null)()]`, []any{"[object Object]", "[object Array]", true, "x", "1,2", "call", 2.0}},
		"sets":          {`[[...new Set([1, 2]).union(new Set([3]))], new Set([1]).isSubsetOf(new Set([1, 2])), [...new Map([[1, 2]]).set(3, 4).keys()]]`, []any{[]any{1.0, 2.0, 3.0}, true, []any{1.0, 3.0}}},
		"rest":          {`{ const [a, ...b] = [1, 2, 3]; let c, d; [c, ...d] = "xyz"; const [...e] = new Set([1]); return [b, d, e] }`, []any{[]any{2.0, 3.0}, []any{"y", "z"}, []any{1.0}}},
		"maps":          {`{ class M extends Map { twice(k) { return this.get(k) * 2 } } return [new Map([[1, 2]]).get(1), new M([[1, 2]]).twice(1), new M() instanceof Map, new Map(new Map([[1, 3]])).get(1), new Set("aab").size, new Set(null).size, new Map().constructor === Map, new WeakMap([[globalThis, 1]]).has(globalThis)] }`, []any{2.0, 4.0, true, 3.0, 2.0, 0.0, true, true}},
		"lists":         {`[[1, 2, 3].slice(1), [3, 1].reverse(), [1, 2].includes(2), [1, 2, 3].splice(1, 1), [1, 2].fill(0, 1), [1, 2, 3].copyWithin(0, 1), [1, 2].with(0, 5), [1, 2].reduce((a, b) => a + b), [1, 2].flatMap((x) => [x, x]), Array.prototype.map.call("ab", (x) => x + x), Array.prototype.slice.call({ length: 1, 0: 1 }), [, 1].findIndex((x) => x), [1].shift(), [1].unshift(2)]`, []any{[]any{2.0, 3.0}, []any{1.0, 3.0}, true, []any{2.0}, []any{1.0, 0.0}, []any{2.0, 3.0, 3.0}, []any{5.0, 2.0}, 3.0, []any{1.0, 1.0, 2.0, 2.0}, []any{"aa", "bb"}, []any{1.0}, 1.0, 1.0, 2.0}},
		"errors":        {`{ const say = (f) => { try { f() } catch (e) { return e.name } }; return [say(() => [].map()), say(() => null.map), say(() => Array.prototype.map.call(null, (x) => x)), say(() => "x".repeat(-1)), say(() => String.prototype.trim.call(undefined)), say(() => new Array(-1)), say(() => [1].sort(5)), say(() => new RegExp("(")), say(() => "x".replaceAll(/x/, "")), say(() => RegExp.prototype.exec.call({}))] }`, []any{"TypeError", "TypeError", "TypeError", "RangeError", "TypeError", "RangeError", "TypeError", "SyntaxError", "TypeError", "TypeError"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := rpc(t, load(t, one(`(ctx) => `+bodyOf(test.body))))
			if err != nil {
				t.Fatal(err)
			}
			same(t, got, test.want)
		})
	}
}

// bodyOf is a block, or an expression as one.
func bodyOf(text string) string {
	if text[0] == '{' {
		return text
	}
	return "{ return " + text + " }"
}
