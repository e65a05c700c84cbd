package script_test

import (
	"strings"
	"testing"
)

// TestBigIntLiterals shows that they are refused when the script is loaded, with
// their place.
func TestBigIntLiterals(t *testing.T) {
	for name, source := range map[string]string{
		"plain":    "export const rpc = {\n  f: () => 2n ** 10n,\n};",
		"hex":      "export const rpc = {\n  f: () => 0xffn,\n};",
		"key":      "export const rpc = {\n  f: () => [1].map((x) => ({ y: 5n })),\n};",
		"template": "export const rpc = {\n  f: () => `${1}${2n}`,\n};",
		"class":    "export const rpc = {\n  f: () => new (class { x = 7n })(),\n};",
		"default":  "export const rpc = {\n  f: (a = 1n) => a,\n};",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tryLoad(t, source)
			if err == nil || !strings.HasPrefix(err.Error(), "arena.ts:2:") || !strings.Contains(err.Error(), "n is a BigInt: hooks have none, its numbers may be of any size") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// TestRewritten holds that places are the author's where programs are changed.
func TestRewritten(t *testing.T) {
	for name, test := range map[string]struct{ body, want string }{
		"spread":   {"() => {\n  return [\n    ...p.x];\n}", "arena.ts:3:"},
		"iterable": {"() => {\n  const x = 5;\n  return [...x];\n}", "arena.ts:3:"},
		"template": {"() => {\n  const x = null;\n  return `${1}${2}${3}${4}${5}${x.y}`;\n}", "arena.ts:3:"},
		"for in":   {"() => {\n  for (const k in none) return k;\n}", "arena.ts:2:"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rpc(t, load(t, one(test.body)))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}
