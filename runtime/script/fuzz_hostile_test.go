package script_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hook"
)

// hostile answers a value that it builds as its payload says, one letter after
// another: of the letters some put a value on a stack, and others change or connect
// what is on it.
const hostile = `
const build = (program) => {
	const stack = [];
	const top = () => stack[stack.length - 1];
	const object = () => { const t = top(); return t !== null && typeof t === "object" ? t : {} };
	const ops = {
		a: () => [], o: () => ({}), n: () => stack.length, t: () => "ü".repeat(stack.length), b: () => true, z: () => null, u: () => undefined,
		f: () => () => 1, s: () => Symbol("s"), d: () => new Date(0), D: () => new Date(NaN), m: () => new Map([[1, 2]]), S: () => new Set([1]), r: () => /x/g,
		e: () => new Error("e"), y: () => new Uint8Array(2), p: () => Promise.resolve(1), N: () => NaN, i: () => -Infinity, B: () => new Boolean(false),
		O: () => Object.create(null), P: () => Object.create(object()), w: () => new (class { x = 1 })(), A: () => { const a = [1]; a[5] = 2; return a },
		L: () => { const a = []; a.length = 2 ** 32 - 1; return a }, x: () => "x".repeat(2 ** 17), g: () => ({ get x() { return top() } }),
		G: () => ({ get x() { throw new Error("no") } }), T: () => ({ toJSON: () => top() }), K: () => ({ toJSON() { return this } }), c: () => top(),
		H: () => Object.defineProperty([1, 2], 1, { get() { this.length = 0; return 1 }, enumerable: true }),
		k: () => { const keys = {}; for (let i = 0; i < 300; i++) keys["k" + i] = i; return keys }, q: () => ({ name: "n", owner: {}, teams: [], allow: true }),
		Q: () => ({ __proto__: { name: 1 }, "": 1, "__proto__ ": 2, constructor: 3 }), h: () => "\ud800",
	};
	for (const letter of program) {
		if (ops[letter]) stack.push(ops[letter]());
		else if (letter === "[") { const v = stack.pop(); stack.push([v, v]) }
		else if (letter === "{") { const v = stack.pop(); stack.push({ name: v, properties: { v }, owner: v }) }
		else if (letter === "@") { const o = object(); if (Array.isArray(o)) { if (o.length < 9) o.push(o) } else if (Object.isExtensible(o)) o.self = o }
		else if (letter === "+") { const v = stack.pop(), o = object(); if (Array.isArray(o)) { if (o.length < 99) o.push(v) } else o["k" + stack.length] = v }
		else if (letter === "*") for (let i = 0; i < 40; i++) stack.push([stack.pop()]);
		else if (letter === "!") Object.freeze(object());
	}
	return top();
};
export const rpc = { f: (_, p) => build(p), text: (_, p) => JSON.stringify(build(p)) ?? null, shown: (ctx, p) => { console.log(build(p)); ctx.log.info(String(p), build(p)) } };
export const beforeLobbyCreate: any = (_, draft) => build(draft.name);
export const balanceTeams: any = (_, lobby) => build(lobby.name);
export const validateStart: any = (_, lobby) => build(lobby.name);
`

// FuzzHostile holds that whatever a script answers (cycles, values that are reached in
// many ways, getters that change what is read, much text) is a message of a bearable
// size or an error, and no fault of the host.
func FuzzHostile(f *testing.F) {
	for _, seed := range []string{
		"a", "q", "a@", "o@", "n[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "n{{{{{{{{{{{{", "n**", "L", "LL+", "x[[[[", "g", "G", "gT", "K", "H", "q@", "oG+", "k[[[[[[[[", "aP", "h{",
		"qO+w+m+", "A{", "xO+{", "y{", "Hn+@", "d[D", "N{", "i", "s{", "e{", "p", "Q{", "aL+[", "tttttttttttttt{",
	} {
		f.Add(seed)
	}
	v := load(f, hostile, func(o *script.Options) { o.Timeout = 20 * time.Second })
	impl, ctx := v.Impl(), context.Background()
	f.Fuzz(func(t *testing.T, program string) {
		if len(program) > 64 {
			return
		}
		payload, err := hook.ValueFromJSON([]byte(quoteJSON(program)))
		if err != nil {
			return
		}
		check := func(answer proto.Message, err error) {
			t.Helper()
			switch {
			case err != nil && strings.Contains(err.Error(), "script engine failed"):
				t.Fatal(err)
			case err != nil && len(err.Error()) > 4096:
				t.Errorf("an error of %d bytes", len(err.Error()))
			case err == nil && proto.Size(answer) > 4<<20:
				t.Errorf("an answer of %d bytes", proto.Size(answer))
			}
		}
		for _, name := range []string{"f", "text", "shown"} {
			answer, err := impl.Rpc(ctx, &hook.RpcRequest{Name: name, Payload: payload})
			check(answer, err)
		}
		draft, err := impl.BeforeLobbyCreate(ctx, &hook.LobbyDraft{Name: program})
		check(draft, err)
		assignment, err := impl.BalanceTeams(ctx, &hook.Lobby{Name: program})
		check(assignment, err)
		check(&hook.Lobby{}, impl.ValidateStart(ctx, &hook.Lobby{Name: program}))
	})
}

// FuzzShown holds the other way: whatever JSON a script is given, it can go through
// all of it, and change it, and nothing of that is a fault of the host.
func FuzzShown(f *testing.F) {
	for _, seed := range []string{`{"a":[1,{"b":null}],"length":4,"__proto__":{"x":1},"toJSON":2}`, `[[[[]]]]`, `{"length":1e9,"0":1}`, `"` + strings.Repeat("ü", 100) + `"`} {
		f.Add([]byte(seed))
	}
	v := load(f, `
		const walk = (x) => {
			if (x === null || typeof x !== "object") return 1;
			let n = 1;
			for (const k in x) n += walk(x[k]);
			for (const [k, y] of Object.entries(x)) { delete x[k]; x[k] = y; n += Object.keys(x).length }
			x["new"] = n; Object.assign(x, { more: [1] }); Object.getOwnPropertyDescriptors(x); try { Object.freeze(x) } catch {}
			return n;
		};
		export const rpc = { f: (_, p) => [walk(p), [p].flat(Infinity).length, [p].concat(p).length, JSON.stringify(p).length, ""+[p], Array.from([p]).length] };`,
		func(o *script.Options) { o.Timeout = 20 * time.Second })
	f.Fuzz(func(t *testing.T, data []byte) {
		value, err := hook.ValueFromJSON(data)
		if err != nil || len(data) > 1<<12 {
			return
		}
		if _, err := v.Impl().Rpc(context.Background(), &hook.RpcRequest{Name: "f", Payload: value}); err != nil && strings.Contains(err.Error(), "script engine failed") {
			t.Fatal(err)
		}
	})
}

// quoteJSON is text as JSON, whatever is in it.
func quoteJSON(text string) string {
	return `"` + strings.Map(func(r rune) rune {
		if r < ' ' || r == '"' || r == '\\' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "")) + `"`
}
