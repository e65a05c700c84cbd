package bundle_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/muster-gg/muster/runtime/script/bundle"
)

func TestErrors(t *testing.T) {
	for name, test := range map[string]struct{ code, want string }{
		"typing error": {"\nimport { size } from \"./tems\";\nexport const x = size;", `arena.ts:2:22: error: Could not resolve "./tems" (did you mean "./teams"?)
    import { size } from "./tems";
                         ^^^^^^^^`},
		"with an extension": {"import './tems.ts'", `arena.ts:1:8: error: Could not resolve "./tems.ts" (did you mean "./teams.ts"?)
    import './tems.ts'
           ^^^^^^^^^^^`},
		"nothing near":  {"import './weather'", "arena.ts:1:8: error: Could not resolve \"./weather\"\n"},
		"no dot":        {"import 'teams'", `error: Could not resolve "teams" (did you mean "./teams"?)`},
		"no package":    {"import 'lodash/get'", `error: Could not resolve "lodash/get": there is no package "lodash" in a node_modules of the hooks folder`},
		"no member":     {"import 'pack/none'", `error: Could not resolve "pack/none": the package has no such script`},
		"not exported":  {"import 'closed/none'", `error: "closed/none" is not exported by the package (see "exports" in its package.json)`},
		"broken":        {"import 'broken'", `error: The package "broken" has a node_modules/broken/package.json that is not JSON`},
		"name":          {"import { siz } from './teams'; export const x = siz", `arena.ts:1:10: error: No matching export in "teams.ts" for import "siz" (did you mean "size"?)`},
		"syntax":        {"export const x = ;", "arena.ts:1:18: error: Unexpected \";\"\n    export const x = ;\n                     ^"},
		"characters":    {"/* ä\U0001F600 */ export const x = ;", "arena.ts:1:27: error: Unexpected \";\"\n    /* ä\U0001F600 */ export const x = ;\n                              ^"},
		"tabs":          {"\t\texport\tconst x = ;", "arena.ts:1:20: error: Unexpected \";\"\n    export const x = ;\n                     ^"},
		"in a package":  {"import 'pack'", "node_modules/pack/index.js:1:7: error: Expected identifier"},
		"await":         {"export const x = await fetch()", "arena.ts:1:18: error: await outside of a function is not supported: use it inside of a hook"},
		"import.meta":   {"export const x = import.meta.url", "error: import.meta is not supported: a bundle has no files"},
		"with":          {"with (x) {}", "error: With statements cannot be used in strict mode"},
		"default":       {"const hooks = {};\nexport default hooks", "arena.ts:2:1: error: A default export has no name"},
		"as default":    {"const hooks = {};\nexport { hooks as default }", "error: A default export has no name"},
		"CommonJS":      {"\nmodule.exports = {}", "arena.ts:2:1: error: Hooks are exported by name"},
		"unknown names": {"export * from './teams'; export * from './old.cjs'", `arena.ts:1:26: error: The names that "export *" means are not known`},
		"HTML":          {"<!-- x\nexport const a = 1", "arena.ts:1:1: error: HTML comments are not supported"},
		"text as name":  {"const a = 1; export { a as 'b c' }", "error: Using the string \"b c\" as an export name is not supported here"},
	} {
		t.Run(name, func(t *testing.T) {
			refuses(t, files{
				"arena.ts": test.code, "teams.ts": "export const size = 1", "teams.d.ts": "", "old.cjs": "exports.a = 1",
				"node_modules/pack/index.js": "const = 1", "node_modules/closed/package.json": `{"exports": {".": "./x.js"}}`,
				"node_modules/broken/package.json": `{"main": }`,
			}, test.want)
		})
	}
}

func TestManyErrors(t *testing.T) {
	var code strings.Builder
	for i := range 12 {
		fmt.Fprintf(&code, "import './none%d'\n", i)
	}
	_, err := build(t, folder(t, files{"arena.ts": code.String()}))
	if err == nil {
		t.Fatal("it was bundled")
	}
	if n := strings.Count(err.Error(), "error: Could not resolve"); n != 10 {
		t.Errorf("%d errors are shown", n)
	}
	if !strings.Contains(err.Error(), "arena.ts:10:8: ") || strings.Contains(err.Error(), "arena.ts:11:8: ") || !strings.HasSuffix(err.Error(), "\nand 2 more") {
		t.Errorf("got %v", err)
	}
}

func TestWarnings(t *testing.T) {
	r := must(t, files{"arena.ts": "import * as teams from './teams'; export const x = teams.siz", "teams.ts": "export const size = 1"})
	if len(r.Warnings) != 1 || !strings.HasPrefix(r.Warnings[0].String(), "arena.ts:1:58: warning: ") {
		t.Errorf("got %v", r.Warnings)
	}
}

func TestQuote(t *testing.T) {
	long := strings.Repeat("a", 500) + "HERE" + strings.Repeat("b", 500)
	for _, test := range []struct {
		source        string
		column, width int
		want          string
	}{
		{"  let x", 3, 3, "    let x\n    ^^^"},
		{"x", 9, 1, "    x\n     ^"},
		{"x", 0, 0, "    x\n    ^"},
		{"a\x1b[31m\tb", 8, 1, "    a\uFFFD[31m b\n           ^"},
		{long, 501, 4, "    " + strings.Repeat("a", 60) + "HERE" + strings.Repeat("b", 36) + "\n    " + strings.Repeat(" ", 60) + "^^^^"},
		{long, 1004, 9, "    " + strings.Repeat("b", 100) + "\n    " + strings.Repeat(" ", 99) + "^"},
	} {
		if got := bundle.Quote(test.source, test.column, test.width); got != test.want {
			t.Errorf("got\n%s\nwant\n%s", got, test.want)
		}
	}
}
