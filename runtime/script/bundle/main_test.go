package bundle_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dop251/goja"
	"go.uber.org/goleak"

	"github.com/muster-gg/muster/runtime/script/bundle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type files map[string]string

// folder writes files into a new folder: "a.ts": its text, "b.ts": "-> target" for
// a symbolic link.
func folder(t testing.TB, f files) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range f {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		write := func() error { return os.WriteFile(path, []byte(text), 0o600) }
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			write = func() error { return os.Symlink(target, path) }
		}
		if err := write(); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// build bundles the arena.ts of a folder.
func build(t testing.TB, root string) (*bundle.Result, error) {
	t.Helper()
	return bundle.Build(t.Context(), bundle.Options{Entry: filepath.Join(root, "arena.ts")})
}

// must bundles files.
func must(t testing.TB, f files) *bundle.Result {
	t.Helper()
	r, err := build(t, folder(t, f))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// refuses checks that the text of the error of files has a part.
func refuses(t *testing.T, f files, want string) {
	t.Helper()
	_, err := build(t, folder(t, f))
	var e *bundle.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want %q", err, want)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// run runs a bundle and returns what it exports.
func run(t testing.TB, r *bundle.Result) (*goja.Runtime, map[string]goja.Value) {
	t.Helper()
	vm, exports := goja.New(), map[string]goja.Value{}
	if err := vm.Set("__muster_export", func(name string, v goja.Value) { exports[name] = v }); err != nil {
		t.Fatal(err)
	}
	program, err := goja.Compile("bundle.js", r.Code, false)
	if err != nil {
		t.Fatalf("%v\n%s", err, r.Code)
	}
	if _, err := vm.RunProgram(program); err != nil {
		t.Fatalf("%v\n%s", err, r.Code)
	}
	return vm, exports
}
