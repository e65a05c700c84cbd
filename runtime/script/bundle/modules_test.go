package bundle_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-gg/muster/runtime/script/bundle"
)

// TestModules: what the platform gives is imported by its name, may be the entry,
// and is as fenced in as any file.
func TestModules(t *testing.T) {
	dir := folder(t, files{"arena.ts": `import { two } from "muster/test"; export const four: number = two * 2;`})
	o := bundle.Options{Entry: "muster:main", Root: dir, Modules: map[string]string{
		"muster/test": "export const two = 2;",
		"muster:main": `import { four } from "./arena.ts"; export const rpc = { four };`,
	}}
	r, err := bundle.Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Exports, []string{"rpc"}) || !strings.Contains(r.Code, "two * 2") {
		t.Errorf("exports %q of\n%s", r.Exports, r.Code)
	}
	if len(r.Files) != 1 || filepath.Base(r.Files[0]) != "arena.ts" {
		t.Errorf("files %q, want arena.ts alone", r.Files)
	}
	o.Modules["muster:main"] = `export * from "../arena.ts";`
	if _, err = bundle.Build(t.Context(), o); err == nil || !strings.Contains(err.Error(), "out of the hooks folder") {
		t.Errorf("a module that leaves the folder: %v", err)
	}
	_, err = build(t, dir)
	if err == nil || !strings.Contains(err.Error(), `"muster/test" is for tests only`) {
		t.Errorf("without the modules: %v", err)
	}
}
