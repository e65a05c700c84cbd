package bundle_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dop251/goja"

	"github.com/muster-gg/muster/runtime/script/bundle"
)

// FuzzBuild looks for sources that bring the bundler down, hold it up, or make a
// bundle that cannot be loaded.
func FuzzBuild(f *testing.F) {
	for _, seed := range []string{
		"export const a = 1", "import { a } from './lib'; export { a as b }", "export default 1", "export * from './lib'", "import 'p'",
		"import x = require('./lib'); export { x }", "export namespace A { export const b = `${1}` }", "<T,>(x: T) => x", "export { a } from './d.json'", "/[/]/.test('`')",
		"export let a; export { a as \"b\" }", "#!/x\nexport async function* a() { yield* b }", "@a class B { @c d }", "\ufeffexport const x = 1\u2028", "a<b>(c)\n/d/e", "module.exports = 1",
		"export const x = `\nexport {\n y }\n})();`", "label: { break label }", "import('./lib')", "//# sourceMappingURL=data:,x", "using x = y", "'\xed\x98'", "export const a = '\\ud800', b = { '\\udfff': 1 }", "export const x = /(?<=a)/v",
	} {
		f.Add(seed)
	}
	root := folder(f, files{
		"lib.ts": "export const a = 1", "d.json": `{"a": 1}`, "node_modules/p/package.json": `{"main": "x"}`, "node_modules/p/x.js": "exports.a = 1",
	})
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 2000 {
			return
		}
		entry := filepath.Join(root, "arena.ts")
		if err := os.WriteFile(entry, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		r, err := bundle.Build(ctx, bundle.Options{Entry: entry})
		if err != nil {
			var e *bundle.Error
			if !errors.As(err, &e) || len(e.Problems) == 0 || e.Error() == "" {
				t.Fatalf("%q: %v", source, err)
			}
			return
		}
		m, err := bundle.ParseMap(r.SourceMap)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			m.Lookup(i, i)
		}
		var thrown *goja.CompilerSyntaxError
		if _, err := goja.Compile("bundle.js", r.Code, false); err != nil && !errors.As(err, &thrown) {
			t.Logf("%q compiles to what the engine refuses: %v", source, err)
		}
	})
}
