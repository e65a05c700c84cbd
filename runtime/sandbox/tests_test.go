package sandbox

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/runtime/script/scripttest"
)

// tested is a file of tests.
func tested(body string) string {
	return "import { test, expect } from \"muster/test\";\n" + body
}

// TestVerdicts holds what tests come to in a child.
func TestVerdicts(t *testing.T) {
	quick := Options{Test: Limits{Time: 2 * time.Second}}
	for name, c := range map[string]struct {
		body  string
		o     Options
		wants []string // none: they pass
	}{
		"passes":  {body: "test('a', () => {});"},
		"fails":   {body: "test('a', () => {\n  expect(1).toBe(2);\n});", wants: []string{"--- FAIL: a", "arena.test.ts:3:13: expected the same value"}},
		"mistake": {body: "test('a', () => {", wants: []string{"arena.test.ts:2:18: error: Unexpected end of file"}},
		"endless": {body: "test('a', () => { for (;;) {} });", wants: []string{"--- FAIL: a", "the test took over 1s and was stopped here"}},
		"many endless": {
			body: "for (let i = 0; i < 9; i++) test('a' + i, () => { for (;;) {} });", o: quick,
			wants: []string{"the tests were stopped in arena.test.ts: context deadline exceeded: all of them together have 2s"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := New(c.o).Test(t.Context(), folder(t, map[string]string{"arena.test.ts": tested(c.body)}))
			if err != nil || v.Failed != (c.wants != nil) || v.Failed != (v.Text != "") {
				t.Errorf("%+v %v", v, err)
			}
			for _, want := range c.wants {
				if !strings.Contains(v.Text, want) {
					t.Errorf("%q is not in\n%s", want, v.Text)
				}
			}
		})
	}
}

// TestVerdictIsTheSame: failures read as they do where the author runs the tests.
func TestVerdictIsTheSame(t *testing.T) {
	dir := folder(t, map[string]string{"a.test.ts": tested("test('a', () => { expect(1).toBe(2); });"), "b.test.ts": tested("test('b', () => { throw new Error('é'); });")})
	want, err := scripttest.Run(t.Context(), scripttest.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	got, err := New(Options{}).Test(t.Context(), dir)
	if plain(got.Text) != plain(want.Failures()) || err != nil {
		t.Errorf("%s %v\nwant\n%s", got.Text, err, want.Failures())
	}
}

// plain leaves out how long each test took.
func plain(text string) string {
	var kept []string
	for _, line := range strings.Split(text, "\n") {
		if before, _, cut := strings.Cut(line, "("); cut {
			line = before
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "\n")
}

// TestStuckTests: those that end their child's time, or the child.
func TestStuckTests(t *testing.T) {
	o, dir := Options{Test: Limits{Memory: 64 << 20}}, folder(t, map[string]string{"arena.test.ts": ""})
	for how, want := range map[string]string{
		"silent": "arena.ts: The tests did not come to an end within 1ms, which is what all of them together have",
		"killed": "arena.ts: The tests ended: killed from outside",
		"greedy": "arena.test.ts: The tests ran out of memory (64 MiB)",
	} {
		if o.Test.Time = time.Minute; how == "silent" {
			o.Test.Time = time.Millisecond
		}
		v, err := as(how, o).Test(t.Context(), dir)
		if err != nil || !v.Failed || !strings.HasPrefix(v.Text, want) {
			t.Errorf("%+v %v", v, err)
		}
	}
	if _, err := as("bundle", o).Test(t.Context(), dir); err == nil || !strings.Contains(err.Error(), errAnswer.Error()) {
		t.Error(err)
	}
	if _, err := New(Options{}).Test(t.Context(), t.TempDir()+"/none"); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Error(err)
	}
	if v, err := as("killed", o).Test(t.Context(), t.TempDir()); err != nil || v.Failed { // there are none
		t.Errorf("%+v %v", v, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := as("silent", o).Test(ctx, dir); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestLongVerdict: not all of a long text is kept.
func TestLongVerdict(t *testing.T) {
	if text := shortened(strings.Repeat("é", maxText)); len(text) > maxText+len("…") || !strings.HasSuffix(text, "é…") {
		t.Errorf("%d", len(text))
	}
}
