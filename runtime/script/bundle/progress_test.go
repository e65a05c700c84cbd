package bundle_test

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/muster-gg/muster/runtime/script/bundle"
)

// TestProgress: a file is begun once, and read when its imports are known.
func TestProgress(t *testing.T) {
	root := folder(t, files{"arena.ts": "import { b } from './b'; export const rpc = { b };", "b.ts": "import { c } from './c'; export const b = c;", "c.ts": "export const c = () => 1;"})
	var mu sync.Mutex
	var told []string
	_, err := bundle.Build(t.Context(), bundle.Options{Entry: filepath.Join(root, "arena.ts"), Progress: func(file string, read bool) {
		mu.Lock()
		defer mu.Unlock()
		if read {
			file = "(" + file + ")"
		}
		told = append(told, file)
	}})
	if got := strings.Join(told, " "); got != "arena.ts (arena.ts) b.ts (b.ts) c.ts" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}

// TestMoreProblems counts those that are left out.
func TestMoreProblems(t *testing.T) {
	e := &bundle.Error{Problems: []bundle.Problem{{Text: "no"}}, More: 7}
	if e.Error() != "error: no\nand 7 more" {
		t.Errorf("%v", e)
	}
}
