package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// section is a part of the guide for authors of hooks: a heading and what follows.
type section struct {
	title, text string
	blocks      []block
}

// block is a fence: ```ts file=chat.ts is the file chat.ts.
type block struct {
	language string
	file     string   // empty: no file
	words    []string // what else the first line says
	text     string
}

func (b block) is(word string) bool { return slices.Contains(b.words, word) }

var (
	heading = regexp.MustCompile(`(?m)^#{1,3} (.+)\n`)
	// fenced are all fences, those that docs_test.go reads too.
	fenced = regexp.MustCompile("(?ms)^```([a-z]+)([^\n]*)\n(.*?)^```$")
)

// guide reads hooks.md.
func guide(t *testing.T) []section {
	t.Helper()
	data, err := os.ReadFile("hooks.md")
	if err != nil {
		t.Fatal(err)
	}
	// A line of code may look like a heading.
	outside := fenced.ReplaceAllFunc(data, func(fence []byte) []byte { return regexp.MustCompile("(?m)^#").ReplaceAll(fence, []byte(" ")) })
	at := heading.FindAllSubmatchIndex(outside, -1)
	var sections []section
	for i, h := range at {
		end := len(data)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		s := section{title: string(data[h[2]:h[3]]), text: string(data[h[1]:end])}
		for _, m := range fenced.FindAllStringSubmatch(s.text, -1) {
			b := block{language: m[1], text: m[3]}
			for _, word := range strings.Fields(m[2]) {
				if file, is := strings.CutPrefix(word, "file="); is {
					b.file = file
				} else {
					b.words = append(b.words, word)
				}
			}
			s.blocks = append(s.blocks, b)
		}
		sections = append(sections, s)
	}
	return sections
}

// files are a section's blocks with names, in one language.
func (s section) files(language string) []block {
	return slices.DeleteFunc(slices.Clone(s.blocks), func(b block) bool { return b.file == "" || b.language != language })
}

// corrected are a section's scripts, mistakes put right by the diff that follows them.
func (s section) corrected() []block {
	files := s.files("ts")
	for _, d := range s.files("diff") {
		lines := strings.SplitAfter(d.text, "\n")
		i := slices.IndexFunc(files, func(b block) bool { return b.file == d.file && b.is("mistake") })
		if i < 0 || len(lines) < 2 {
			continue
		}
		files[i].text = strings.Replace(files[i].text, lines[0][1:], lines[1][1:], 1)
		files[i].words = nil
	}
	return slices.DeleteFunc(files, func(b block) bool { return b.is("mistake") })
}

// folder writes blocks into a new folder.
func folder(t *testing.T, blocks ...block) string {
	t.Helper()
	dir := t.TempDir()
	for _, b := range blocks {
		if err := os.WriteFile(filepath.Join(dir, b.file), []byte(b.text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var (
	exported = regexp.MustCompile(`(?m)^export const (\w+)(?:: \w+)? = (.*)$`)
	member   = regexp.MustCompile(`(?m)^  (\w+): (?:async )?\(`)
	bodyOf   = regexp.MustCompile(`(?ms)^test\("([^"]+)",.*?^\}\);$`)
)

// hollow is a script with the same exports, which do nothing.
func hollow(source string) string {
	var b strings.Builder
	for _, m := range exported.FindAllStringSubmatchIndex(source, -1) {
		name, begin := source[m[2]:m[3]], source[m[4]:m[5]]
		if begin != "{" {
			b.WriteString("export const " + name + " = () => undefined;\n")
			continue
		}
		b.WriteString("export const " + name + " = {")
		for _, f := range member.FindAllStringSubmatch(source[m[4]:], -1) {
			b.WriteString(f[1] + ": async () => undefined, ")
		}
		b.WriteString("};\n")
	}
	return b.String()
}
