package bundle_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/dop251/goja"

	"github.com/muster-gg/muster/runtime/script/bundle"
)

// TestLookup throws in TypeScript and looks for the author's places.
func TestLookup(t *testing.T) {
	r := must(t, files{
		"arena.ts": "import { check } from \"./lib/rules\";\r\ninterface Lobby { teams: number[] }\r\n" +
			"export function validateStart(ctx: any, lobby: Lobby): void {\r\n  /* größer 😀 */ check<Lobby>(lobby);\r\n}\r\n",
		"lib/rules.ts":            "import { size } from 'pack'\nenum Unused { A }\nexport const check = <T>(lobby: T) =>\n\tsize(lobby as any)\n",
		"node_modules/pack/x.cjs": "exports.size = function (l) {\n  return l.teams.none.length }", "node_modules/pack/package.json": `{"main": "x.cjs"}`,
	})
	m, err := bundle.ParseMap(r.SourceMap)
	if err != nil {
		t.Fatal(err)
	}
	vm, exports := run(t, r)
	validate, _ := goja.AssertFunction(exports["validateStart"])
	_, err = validate(nil, nil, vm.ToValue(map[string]any{"teams": map[string]any{}}))
	var thrown *goja.Exception
	if !errors.As(err, &thrown) {
		t.Fatal(err)
	}
	var got []string
	for _, frame := range thrown.Stack() {
		file, line, col, source, ok := m.Lookup(frame.Position().Line, frame.Position().Column)
		if ok {
			got = append(got, fmt.Sprintf("%s:%d:%d %s", file, line, col, source))
		}
	}
	want := []string{
		"node_modules/pack/x.cjs:2:23   return l.teams.none.length }",
		"lib/rules.ts:4:2 \tsize(lobby as any)",
		"arena.ts:4:18   /* größer 😀 */ check<Lobby>(lobby);",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	for _, place := range [][2]int{{1, 1}, {0, 0}, {-1, -1}, {1 << 20, 1}} {
		if file, _, _, _, ok := m.Lookup(place[0], place[1]); ok {
			t.Errorf("%v is in %s", place, file)
		}
	}
	empty, err := bundle.ParseMap(must(t, files{"arena.ts": "import type { Lobby } from 'muster'"}).SourceMap)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, _, ok := empty.Lookup(1, 1); ok {
		t.Error("nothing has a place")
	}
	for _, bad := range []string{"", "{", `{"version": 4, "mappings": "AAAA"}`} {
		if _, err := bundle.ParseMap([]byte(bad)); err == nil {
			t.Errorf("%q is a source map", bad)
		}
	}
}
