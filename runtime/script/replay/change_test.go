package replay_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/replay"
	"github.com/muster-gg/muster/sdk/hook"
)

// before is a script that is changed after one of its calls was recorded.
const before = `export const rpc = {
  async f(ctx) {
    const mine = ctx.storage.account(ctx.player.accountId);
    const coins = (await mine.get("coins")) ?? 1;
    const price = (await ctx.fetch("URL/", { method: "POST", body: "hat" })).json().n;
    await mine.set("coins", coins + price);
    await ctx.notify("ann", "gift", { coins });
    return { coins, price, roll: ctx.random() < 2, items: ["hat", "shoe"] };
  },
};
`

// TestChanged: what is different is said in words for people.
func TestChanged(t *testing.T) {
	change := func(pairs ...string) func(string) string { return strings.NewReplacer(pairs...).Replace }
	for name, c := range map[string]struct {
		change func(string) string
		want   string // after the first line
	}{
		"nothing that matters":   {change("const price", "const unused = 1; const price"), ``},
		"reads in another order": {change(`const coins = (await mine.get("coins")) ?? 1;`, ``, `await mine.set`, `const coins = (await mine.get("coins")) ?? 1; await mine.set`), ``},
		"another answer": {change("items: [\"hat\", \"shoe\"]", "items: [\"hat\", \"boot\", \"belt\"], more: { a: 1 }", "coins, price,", "coins: String(coins), price: price + 1,"), `
    payload.coins: was 1, is "1"
    payload.items[1]: was "shoe", is "boot"
    payload.items[2]: was not there, is "belt"
    payload.more: was not there, is {"a":1}
    payload.price: was 1, is 2`},
		"an entry that was not read": {change("    const price", "    const wins = await ctx.storage.get(\"wins\");\n    const price"), `
    the script now asks for something that was not recorded: storage.get("wins") at arena.ts:5:36
    was answered: {"payload":{"coins":1,"items":["hat","shoe"],"price":1,"roll":true}}
    is not: arena.ts:5:36: Error: this was not recorded`},
		"another write": {change("coins + price", "coins + 2 * price"), `
    the script now asks differently for storage.account("ann").set("coins", 3) at arena.ts:6:16
      value: was 2, is 3`},
		"no write any more": {change("    await mine.set(\"coins\", coins + price);\n", ""), `
    the script does not do any more: storage.account("ann").set("coins", 2) (it was at arena.ts:6:16)`},
		"another request": {change(`"hat" }`, `"shoe" }`), `
    the script now asks differently for fetch POST URL/ at arena.ts:5:30
      body.text: was "hat", is "shoe"
    was answered: {"payload":{"coins":1,"items":["hat","shoe"],"price":1,"roll":true}}
    is not: arena.ts:5:30: Error: this was not recorded`},
		"another notice": {change("{ coins });", "{ coins, price });"), `
    the script now asks differently for notify("ann", "gift") at arena.ts:7:15
      payload.price: was not there, is 1`},
		"more random numbers": {change("ctx.random() < 2", "ctx.random() + ctx.random() < 3"), `
    the script now asks for more random numbers than the 1 that were recorded`},
		"a mistake": {change("return {", "return ctx.player.x.y + {"), `
    was answered: {"payload":{"coins":1,"items":["hat","shoe"],"price":1,"roll":true}}
    is not: arena.ts:8:25: TypeError: Cannot read property 'y' of undefined`},
		"a refusal": {change("return {", "ctx.refuse('no'); return {"), `
    was answered: {"payload":{"coins":1,"items":["hat","shoe"],"price":1,"roll":true}}
    is not: refused: "no"`},
		"no such function": {change("async f(", "async g("), `
    was answered: {"payload":{"coins":1,"items":["hat","shoe"],"price":1,"roll":true}}
    is not: the script has no such function`},
		"what it logs, and the time": {change("return {", "console.log('price', price, ctx.now()); return {"), `
    note: the script asks for the time more often than it was recorded: it was told the last one, TIME
    log: info: price 1 MS (arena.ts:8:13)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, options := server(t)
			source := strings.ReplaceAll(before, "URL", url)
			s := record(t, source, options)
			r := s.rpc()
			s.rewrite(c.change(source))
			_, text := s.run(r)
			verdict := "different"
			if c.want == "" || strings.Contains(c.want, "note:") {
				verdict = "same"
			}
			want := "f.json: " + verdict + " — rpc f of " + r.RecordedAt.Format("2006-01-02 15:04:05 UTC") + ", "
			if text, is := strings.CutPrefix(text, want); !is || !strings.HasPrefix(text, "recorded with version "+r.Version+", now ") && name != "nothing that matters" {
				t.Errorf("got %s, want %s", text, want)
			}
			_, text, _ = strings.Cut(text, "\n")
			want = strings.NewReplacer("URL", url, "TIME", r.RecordedAt.Format(time.RFC3339Nano), "MS", strconv.FormatInt(r.RecordedAt.UnixMilli(), 10)).Replace(strings.TrimPrefix(c.want, "\n"))
			if strings.TrimSuffix(text, "\n") != want {
				t.Errorf("got\n%s\nwant\n%s", text, want)
			}
		})
	}
}

// TestFailedOtherwise: errors are compared by what they say.
func TestFailedOtherwise(t *testing.T) {
	s := record(t, "export const rpc = { f(ctx) { ctx.refuse('no', { ann: 'you' }) } };")
	r := s.rpc()
	for source, want := range map[string]string{
		"\n\nexport const rpc = { f(ctx) { ctx.refuse('no', { ann: 'you' }) } };": "same",
		"export const rpc = { f(ctx) { ctx.refuse('no', { ann: 'me' }) } };":      "playerReasons.ann: was \"you\", is \"me\"",
		"export const rpc = { f(ctx) { ctx.invalid('no') } };":                    "invalid: was not there, is true",
		"export const rpc = { f(ctx) { throw new Error('no') } };":                "    was: refused: \"no\"\n    is:  arena.ts:1:37: Error: no\n",
		"export const rpc = { f(ctx) { return 1 } };":                             "    was not answered: refused: \"no\"\n    is: {\"payload\":1}\n",
		"export const validateStart = () => {};":                                  "the script does not serve rpc",
	} {
		s.rewrite(source)
		if _, text := s.run(r); !strings.Contains(text, want) {
			t.Errorf("%s\nwant %s", text, want)
		}
	}
	thrown := record(t, "export const rpc = { f(ctx) { throw new Error('no') } };")
	r = thrown.rpc()
	thrown.rewrite("\nexport const rpc = { f(ctx) { throw new Error('no') } };") // at another place
	if result, text := thrown.run(r); !result.Same {
		t.Error(text)
	}
}

// TestCannotRun: where there is nothing to compare, that is an error.
func TestCannotRun(t *testing.T) {
	s := record(t, "export const rpc = { f() { return 1 } };")
	r := s.rpc()
	s.rewrite("export const rpc = { f( };")
	if _, err := replay.Run(t.Context(), r, s.entry); err == nil || !strings.Contains(err.Error(), "arena.ts:1:25: error:") {
		t.Errorf("a script that does not load: %v", err)
	}
	if _, err := replay.Run(t.Context(), r, s.entry+"x"); err == nil {
		t.Error("no script")
	}
	r.Incomplete = "it was too large"
	if _, err := replay.Run(t.Context(), r, s.entry); err == nil || !strings.Contains(err.Error(), "cannot be repeated: it was too large") {
		t.Errorf("no tape: %v", err)
	}
}

// TestTooMuch: a call of which there is too much to keep is served as ever.
func TestTooMuch(t *testing.T) {
	s := record(t, "export const rpc = { f(ctx) { let sum = 0; for (let i = 0; i < 10_001; i++) sum += ctx.random() < 1; return sum } };")
	r, answer, err := s.call(hook.PointRpc, rpcRequest)
	if err != nil || answer.(*hook.RpcResponse).GetPayload().GetNumberValue() != 10_001 {
		t.Errorf("the call answered %v, %v", answer, err)
	}
	if r.Incomplete != "the call did over 10000 things" || r.Tape != nil || len(r.Answer) == 0 {
		t.Errorf("recorded as %q, %d steps", r.Incomplete, len(r.Tape))
	}
	s = record(t, `export const rpc = { async f(ctx) { for (let i = 0; i < 140; i++) { await ctx.storage.set("k", "x".repeat(65_000)); } } };`)
	if r := s.rpc(); r.Incomplete != "the recording is over 8 MiB" {
		t.Errorf("recorded as %q", r.Incomplete)
	}
	// The time costs one step, however often it is asked for.
	s = record(t, `export const rpc = { f(ctx) { for (let i = 0; i < 20_000; i++) ctx.now(); } };`, func(o *script.Options) {
		o.Clock = func() time.Time { return time.UnixMilli(1_767_225_600_000) }
	})
	if r := s.rpc(); r.Incomplete != "" || len(r.Tape) != 1 {
		t.Errorf("recorded as %q, %d steps", r.Incomplete, len(r.Tape))
	} else if result, text := s.run(r); !result.Same {
		t.Error(text)
	}
}
