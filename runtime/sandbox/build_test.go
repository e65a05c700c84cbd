package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/runtime/script/bundle"
)

// TestBuildIsTheSame holds that a child's bundles and errors are those of the bundler,
// to the last caret.
func TestBuildIsTheSame(t *testing.T) {
	s := New(Options{})
	for name, files := range map[string]map[string]string{
		"one file":   {"arena.ts": "export const rpc = { a: () => 'é\\u2028<&>' };"},
		"imports":    {"arena.ts": "import { b } from './lib/b';\nimport c from './c.json';\nexport const rpc = { b, c: () => c };", "lib/b.ts": "export const b = () => 1;", "c.json": `{"c": 1}`},
		"a package":  {"arena.ts": "import p from 'p'; export const rpc = { p };", "node_modules/p/package.json": `{"main": "m.js"}`, "node_modules/p/m.js": "module.exports = () => 1;"},
		"no exports": {"arena.ts": "const a = 1;"},
		"warnings":   {"arena.ts": "export const rpc = { a: () => { return\n1; } };\nconst b = { x: 1, x: 2 };"},
		"a mistake":  {"arena.ts": "export const rpc = {\n\ta: (é) => (1;\n};"},
		"many mistakes": {"arena.ts": strings.Repeat("import './none'; import './nor';\n", 30) +
			"/*" + strings.Repeat(" long", 50) + "*/ import './neither';" + strings.Repeat(" ", 150)},
		"far too many": {"arena.ts": strings.Repeat("import './none';\n", 2*maxProblems)},
		"a near name":  {"arena.ts": "import './tems';\nexport const rpc = {};", "teams.ts": ""},
		"by default":   {"arena.ts": "export default {};"},
		"no file":      {},
		"outside":      {"arena.ts": "import '../../../../../etc/passwd';"},
		"not UTF-8":    {"arena.ts": "const a = '\xff';"},
		"too large":    {"arena.ts": "const a = '" + strings.Repeat("x", 2<<20) + "';"},
		"nested":       {"arena.ts": "x=" + strings.Repeat("!", 256<<10)},
		"engine alone": {"arena.ts": "export const rpc = { a: () => /(?<=a)(?<n>b)\\k<m>/ };"},
	} {
		t.Run(name, func(t *testing.T) {
			o := arena(t, files)
			want, wantErr := bundle.Build(t.Context(), o)
			got, err := s.Build(t.Context(), o)
			var e, wantE *bundle.Error
			if errors.As(wantErr, &wantE) && len(wantE.Problems) > maxProblems {
				wantE = &bundle.Error{Problems: wantE.Problems[:maxProblems], More: len(wantE.Problems) - maxProblems}
			}
			if fmt.Sprint(err) != fmt.Sprint(wantErr) || errors.As(err, &e) != (wantE != nil) || !reflect.DeepEqual(e, wantE) {
				t.Errorf("the error is\n%v\nnot\n%v", err, wantErr)
			}
			if warned := want != nil && len(want.Warnings) > 0; warned != (name == "warnings") {
				t.Errorf("%+v", want)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got\n%+v\nwant\n%+v", got, want)
			}
		})
	}
}

// TestBuildOfNoFolder: what is about no source is an error all the same.
func TestBuildOfNoFolder(t *testing.T) {
	o := bundle.Options{Entry: "/none/at/all/arena.ts"}
	_, want := bundle.Build(t.Context(), o)
	if _, err := New(Options{}).Build(t.Context(), o); err == nil || err.Error() != want.Error() {
		t.Errorf("%v, not %v", err, want)
	}
}

// TestBuildModules: what is given beside the files goes to the child too.
func TestBuildModules(t *testing.T) {
	o := bundle.Options{Entry: "muster:x", Root: folder(t, map[string]string{"a.ts": "export const a = 1;"}), Modules: map[string]string{"muster:x": "export { a } from './a';"}}
	r, err := New(Options{}).Build(t.Context(), o)
	if err != nil || len(r.Exports) != 1 || len(r.Files) != 1 {
		t.Errorf("%+v %v", r, err)
	}
}

// nested are sources that take a compiler deep into its stack, or make it want memory
// without end. (Children must not make them when they start.)
func nested() map[string]string {
	return map[string]string{
		"not":       "x=" + strings.Repeat("!", 256<<10),
		"lists":     "x=" + strings.Repeat("[", 1<<20),
		"blocks":    strings.Repeat("{", 1<<20),
		"objects":   "x=" + strings.Repeat("{a:", 1<<20),
		"functions": "x=" + strings.Repeat("()=>", 1<<20),
		"templates": "x=" + strings.Repeat("`${", 1<<20),
		"ternaries": "x=" + strings.Repeat("a?b:", 1<<20),
		"types":     "let x: " + strings.Repeat("A<", 1<<20),
		"closed":    "x=" + strings.Repeat("[", 1<<20) + strings.Repeat("]", 1<<20),
		"sum":       "x=" + strings.Repeat("a+", 4<<20) + "a",
		"statement": strings.Repeat("if(a)", 1<<20) + ";",
	}
}

// TestCompilersAreContained holds that the child contains what the compilers do with
// sources that nothing has looked at before.
func TestCompilersAreContained(t *testing.T) {
	for name, source := range nested() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := as("bare", Options{}).Build(t.Context(), arena(t, map[string]string{"arena.ts": source}))
			if err == nil {
				t.Fatal("it is taken")
			}
			t.Logf("%.200v", err)
			var e *bundle.Error
			if errors.As(err, &e) && (len(e.Problems) != 1 || e.Problems[0].File != "arena.ts" || !strings.HasPrefix(e.Problems[0].Text, "The bundler ")) {
				t.Errorf("%.1000s", e)
			}
		})
	}
}

// TestNestedIsRefused holds that the bundler itself refuses them, by their place.
func TestNestedIsRefused(t *testing.T) {
	s := New(Options{})
	for name, source := range nested() {
		if len(source) > 2<<20 {
			continue
		}
		_, err := s.Build(t.Context(), arena(t, map[string]string{"arena.ts": source}))
		if e := new(bundle.Error); !errors.As(err, &e) || e.Problems[0].Line != 1 {
			t.Errorf("%s: %.1000v", name, err)
		}
	}
}

// TestFlatSources has sources that nest nothing, and that the bundler takes: it does
// not come to their end in the time or memory that there is.
func TestFlatSources(t *testing.T) {
	for name, c := range map[string]struct{ source, want string }{
		"labels": {"export const rpc = {};" + strings.Repeat("a:;", 690000), "ran out of memory (64 MiB)"},
		"enum":   {"const enum E { a = '" + strings.Repeat("x", 10000) + "' }\nexport const rpc = [" + strings.Repeat("E.a,", 500000) + "];", "ran out of memory (64 MiB)"},
		"switch": {"export const rpc = {}; switch (1) {" + strings.Repeat("case 1:", 290000) + "}", "did not come to an end within 500ms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := Options{Build: Limits{Time: time.Minute, Memory: 64 << 20}}
			if name == "switch" {
				o.Build = Limits{Time: 500 * time.Millisecond}
			}
			_, err := New(o).Build(t.Context(), arena(t, map[string]string{"arena.ts": c.source}))
			if want := "arena.ts: error: The bundler " + c.want + ": something in the source is nested too deeply or too large"; err == nil || err.Error() != want {
				t.Errorf("%v\nwant\n%s", err, want)
			}
		})
	}
}

// TestLargeFile: one of 100 MB is not read.
func TestLargeFile(t *testing.T) {
	o := arena(t, map[string]string{"arena.ts": ""})
	if err := os.Truncate(o.Entry, 100<<20); err != nil {
		t.Fatal(err)
	}
	_, err := New(Options{}).Build(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "error: The sources of the bundle are over 2 MiB") {
		t.Errorf("%.1000v", err)
	}
}

// TestChildren holds what each child comes to that does not do what it should.
func TestChildren(t *testing.T) {
	short := Options{Build: Limits{Time: time.Second}}
	for how, want := range map[string]string{
		"silent":   "arena.ts: error: The bundler did not come to an end within 1s: something in the source is nested too deeply or too large",
		"flood":    "arena.ts: error: The bundler answered with over 32 MiB: something in",
		"printer":  "arena.ts: error: The bundler did not come to an end within 1s",
		"killed":   "arena.ts: error: The bundler ended: killed from outside",
		"garbage":  "arena.ts: error: The bundler ended without an answer: what it said cannot be read",
		"foreign":  "what it said cannot be read (it is no answer",
		"empty":    "what it said cannot be read (it is no answer",
		"verdict":  "bundle: it is no answer",
		"wordless": "arena.ts: error: The bundler ended without an answer: exit status 0",
		"talks":    "arena.ts: error: The bundler ended without an answer: exit status 7: [31mno \uFFFD more",
		"stranger": "arena.ts: error: The bundler did not come to an end within 1s",
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			o := Options{}
			if how == "silent" || how == "printer" || how == "stranger" {
				o = short
			}
			_, err := as(how, o).Build(t.Context(), arena(t, map[string]string{"arena.ts": ""}))
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%.1000v, want %s", err, want)
			}
		})
	}
}

// TestCancel: a context's end is the child's, and its error.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := as("silent", Options{Build: Limits{Time: time.Hour}})
	ended := make(chan error)
	go func() {
		_, err := s.Build(ctx, arena(t, map[string]string{"arena.ts": ""}))
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	// Nor is there a turn for one that has ended before.
	for range atOnce {
		s.build.turns <- struct{}{}
	}
	if _, err := s.Build(ctx, bundle.Options{Entry: "/arena.ts"}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestNoProgram: a program that is gone is no crash.
func TestNoProgram(t *testing.T) {
	s := New(Options{})
	none := filepath.Join(t.TempDir(), "none")
	s.program = func() (string, error) { return none, nil }
	for range 3 {
		_, err := s.Build(t.Context(), bundle.Options{Entry: "/arena.ts"})
		if err == nil || !strings.Contains(err.Error(), "a process of this program cannot be started: ") || !strings.Contains(err.Error(), none) {
			t.Error(err)
		}
	}
}
