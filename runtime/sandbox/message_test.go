package sandbox

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/muster-gg/muster/runtime/script/bundle"
)

// TestBlame: an error names the file that was being read, if it is known.
func TestBlame(t *testing.T) {
	for _, c := range []struct {
		open []string
		want string
	}{
		{nil, "arena.ts: error: The bundler ran out of stack: something in the source is nested too deeply or too large"},
		{[]string{"lib/a.ts"}, "lib/a.ts: error: The bundler ran out of stack: something in the source is nested too deeply or too large"},
		{[]string{"a.ts", "b.ts"}, "arena.ts: error: The bundler ran out of stack: something in the source is nested too deeply or too large; it was reading a.ts, b.ts"},
		{[]string{"a", "b", "c", "d"}, "arena.ts: error: The bundler ran out of stack: something in the source is nested too deeply or too large"},
	} {
		if err := (&Ended{By: Stack, Open: c.open}).blame("/hooks/arena.ts"); err.Error() != c.want {
			t.Errorf("%v\nwant\n%s", err, c.want)
		}
	}
}

// TestReadOpen: files are open from their beginning until they are read.
func TestReadOpen(t *testing.T) {
	a, err := read(strings.NewReader(lines(message{Begun: "b.ts"}, message{Begun: "a.ts"}, message{Begun: "c.ts"}, message{Read: "b.ts"})))
	if err == nil || !reflect.DeepEqual(a.open(), []string{"a.ts", "c.ts"}) {
		t.Errorf("%v %v", a.open(), err)
	}
}

// TestReadBounds: a child cannot have more kept than an answer needs.
func TestReadBounds(t *testing.T) {
	for name, text := range map[string]string{
		"problems": strings.Repeat(lines(message{Problem: &bundle.Problem{Text: "x"}}), 2*maxProblems+1),
		"exports":  strings.Repeat(lines(message{Export: "x"}), maxNames+1),
		"files":    strings.Repeat(lines(message{File: "x"}), maxNames+1),
		"outside":  lines(message{File: "../x"}),
		"absolute": lines(message{File: "/x"}),
		"nothing":  "{}",
		"a list":   "[]",
	} {
		_, err := read(strings.NewReader(text + lines(message{Bundle: &bundled{}})))
		if err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
}

// FuzzRead reads what a child may say, none of which does any harm.
func FuzzRead(f *testing.F) {
	p := &bundle.Problem{File: "arena.ts", Line: 3, Column: 200, Width: 4, Text: "No.", Source: strings.Repeat("x", 300)}
	w := &bundle.Problem{Warning: true, Text: "Hm."}
	for _, seed := range []string{
		lines(message{Begun: "a.ts"}, message{Read: "a.ts"}, message{File: "a.ts"}, message{Export: "rpc"}, message{Problem: w}, message{Bundle: &bundled{"code", []byte("{}")}}),
		lines(message{Problem: p}, message{Problem: &bundle.Problem{Line: -1, Column: -7, Width: 1 << 40}, Same: true}, message{Refused: true, More: 5}),
		lines(message{Failed: "x"}), lines(message{Tested: &Verdict{true, "x"}}), "{", "[[[", `{"Bundle":null,"Refused":true}`, "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := read(strings.NewReader(text))
		if err != nil {
			if text := (&Ended{By: Itself, Open: a.open()}).blame("/hooks/arena.ts").Error(); text == "" {
				t.Error("an end without a word")
			}
			return
		}
		r, err := a.bundle("/hooks")
		if e := new(bundle.Error); errors.As(err, &e) && (len(e.Problems) == 0 || e.Error() == "") {
			t.Error("an error without a word")
		}
		if (r == nil) == (err == nil) {
			t.Errorf("%v %v", r, err)
		}
		if r == nil {
			return
		}
		for _, file := range r.Files {
			if rel, err := filepath.Rel("/hooks", file); err != nil || !filepath.IsLocal(rel) {
				t.Errorf("%q is outside", file)
			}
		}
		if r.Hash != bundle.Sum(r.Code, r.SourceMap) {
			t.Error("another hash")
		}
	})
}
