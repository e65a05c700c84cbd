package hooktest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/muster-gg/muster/sdk/hook"
)

var valueCases = []storeCase{
	{"nothing there", func(b *box) {
		b.has("", "k", "")
		b.has(b.accounts[0], "k", "")
		b.equal(b.keys("", "", "", 0), []string{})
		b.ok(b.s.Delete(b.Context(), "", "k", hook.AnyVersion))
		found, err := b.s.Get(b.Context(), "")
		b.ok(err)
		if len(found) > 0 {
			b.Fatal(found)
		}
	}},
	{"values come back as compact JSON", func(b *box) {
		for in, want := range map[string]string{
			` { "b" : [ 1 , null ] ,` + "\n" + `"a":{} } `: `{"b":[1,null],"a":{}}`, `null`: `null`, `9007199254740993`: `9007199254740993`,
			`"日本 \u0000 '; DROP TABLE x; -- \u2028"`: `"日本 \u0000 '; DROP TABLE x; -- \u2028"`, `[]`: `[]`, `false`: `false`,
			`"` + strings.Repeat("x", hook.MaxStored-2) + `"`: `"` + strings.Repeat("x", hook.MaxStored-2) + `"`,
			strings.Repeat("[", 32) + strings.Repeat("]", 32): strings.Repeat("[", 32) + strings.Repeat("]", 32),
			strings.Repeat(" ", hook.MaxStored) + `1`:         `1`,
		} {
			b.set("", "k", in)
			b.has("", "k", want)
		}
	}},
	{"values that are none", func(b *box) {
		b.set("", "k", `"old"`)
		for _, bad := range []string{"", " ", "{", "1 2", "nul", `{"a":1}}`, `"` + strings.Repeat("x", hook.MaxStored-1) + `"`, strings.Repeat("[", 33) + strings.Repeat("]", 33)} {
			if _, err := b.when("", "k", bad, hook.AnyVersion); !errors.Is(err, hook.ErrInvalidValue) {
				b.Fatalf("%.40q: %v", bad, err)
			}
		}
		_, err := b.s.Set(b.Context(), "", "k", nil, hook.AnyVersion)
		b.is(err, hook.ErrInvalidValue)
		b.has("", "k", `"old"`)
	}},
	{"keys", func(b *box) {
		good := []string{"a", "A", " a ", "a/b:c", "日本🎮", "'; DROP TABLE x; --", "%", "_", "e\u0301", "\u00e9", "a%", strings.Repeat("k", hook.MaxKey)}
		for i, key := range good {
			b.set("", key, fmt.Sprint(i))
		}
		for i, key := range good {
			b.has("", key, fmt.Sprint(i))
		}
		b.equal(b.keys("", "%", "", 0), []string{"%"})
		b.equal(b.keys("", "_", "", 0), []string{"_"})
		for _, bad := range []string{"", "a\x00", "a\n", "\x7f", "a\u0085", "\xff", strings.Repeat("k", hook.MaxKey+1)} {
			_, err := b.when("", bad, "1", hook.AnyVersion)
			b.is(err, hook.ErrInvalidKey)
			_, err = b.s.Get(b.Context(), "", "a", bad)
			b.is(err, hook.ErrInvalidKey)
			b.is(b.s.Delete(b.Context(), "", bad, hook.AnyVersion), hook.ErrInvalidKey)
		}
	}},
	{"many keys at once", func(b *box) {
		keys := make([]string, hook.MaxListed)
		var want []string
		for i := range keys {
			keys[i] = fmt.Sprint("k", hook.MaxListed-i)
			if i%2 == 0 {
				b.set("", keys[i], fmt.Sprint(i))
				want = append(want, keys[i])
			}
		}
		found, err := b.s.Get(b.Context(), "", keys...)
		b.ok(err)
		got := make([]string, len(found))
		for i, e := range found {
			got[i] = e.Key
		}
		b.equal(got, want) // in the order of the keys asked for
		_, err = b.s.Get(b.Context(), "", append(keys, "one more")...)
		b.is(err, hook.ErrInvalidKey)
	}},
	{"scopes are separate", func(b *box) {
		one, two := b.accounts[0], b.accounts[1]
		for _, scope := range []string{"", one, two} {
			b.set(scope, "k", `"`+scope+`"`)
			b.set(scope, "of "+scope, "1")
		}
		b.ok(b.s.Delete(b.Context(), one, "k", hook.AnyVersion))
		b.has("", "k", `""`)
		b.has(one, "k", "")
		b.has(two, "k", `"`+two+`"`)
		b.equal(b.keys("", "", "", 0), []string{"k", "of "})
		b.equal(b.keys(one, "", "", 0), []string{"of " + one})
		b.equal(b.keys(two, "", "", 0), []string{"k", "of " + two})
	}},
	{"no such account", func(b *box) {
		_, err := b.when("nobody", "k", "1", hook.AnyVersion)
		b.is(err, hook.ErrNoScope)
		_, err = b.when("nobody", "k", "1", hook.NoVersion)
		b.is(err, hook.ErrNoScope)
		b.has("nobody", "k", "")
		b.equal(b.keys("nobody", "", "", 0), []string{})
		b.ok(b.s.Delete(b.Context(), "nobody", "k", hook.AnyVersion))
	}},
}
