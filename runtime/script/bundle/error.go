package bundle

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/evanw/esbuild/pkg/api"
)

// maxProblems is how many of an Error's problems its text tells.
const maxProblems = 10

// Error says why sources cannot be used, in words for their author.
type Error struct {
	// Problems are sorted by place; never empty.
	Problems []Problem
	// More is how many there are beside these.
	More int
}

// Error has the first ten problems, each with its place and source line.
func (e *Error) Error() string {
	shown := e.Problems[:min(len(e.Problems), maxProblems)]
	texts := make([]string, len(shown))
	for i, p := range shown {
		texts[i] = p.String()
	}
	if more := len(e.Problems) - len(shown) + e.More; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, "\n")
}

// sentence is an error that becomes a Problem's text.
func sentence(format string, args ...any) error { return fmt.Errorf(format, args...) }

// Problem is one error or warning.
type Problem struct {
	// Warning is set for what does no harm.
	Warning bool
	// File is relative to the root, with slashes; empty if no file is to blame.
	File string
	// Line and Column count from 1; Column counts characters. Line 0: all of File.
	Line, Column int
	// Width is how many characters of the line are meant; 0 is a point.
	Width int
	// Text says what is wrong.
	Text string
	// Source is the line.
	Source string
}

// String is the problem with its source line, a caret under the column:
//
//	arena.ts:12:5: error: Could not resolve "./tems" (did you mean "./teams"?)
//	    import { size } from "./tems";
//	                         ^^^^^^^^
func (p Problem) String() string {
	var b strings.Builder
	switch {
	case p.File != "" && p.Line > 0:
		fmt.Fprintf(&b, "%s:%d:%d: ", p.File, p.Line, p.Column)
	case p.File != "":
		b.WriteString(p.File + ": ")
	}
	if p.Warning {
		b.WriteString("warning: ")
	} else {
		b.WriteString("error: ")
	}
	b.WriteString(p.Text)
	if strings.TrimSpace(p.Source) != "" {
		b.WriteString("\n" + Quote(p.Source, p.Column, p.Width))
	}
	return b.String()
}

// quoted is how many characters of a line Quote shows at most; before is how many
// of those are left of the column when the line is longer.
const (
	quoted = 100
	before = 60
)

// Quote indents a source line and puts width carets (at least one) below the
// column, which counts characters from 1. Of a long line it shows what is around.
func Quote(source string, column, width int) string {
	line := []rune(strings.TrimRight(source, " \t\r\n"))
	at := min(max(column-1, 0), len(line))
	from := 0
	if len(line) > quoted && at > before {
		from = min(at-before, len(line)-quoted)
	}
	line = line[from:min(len(line), from+quoted)]
	at -= from
	for at > 0 && len(line) > 0 && from == 0 && unicode.IsSpace(line[0]) {
		line, at = line[1:], at-1
	}
	for i, r := range line {
		if r == '\t' {
			line[i] = ' '
		} else if !unicode.IsGraphic(r) {
			line[i] = utf8.RuneError
		}
	}
	width = max(1, min(width, len(line)-at))
	return "    " + string(line) + "\n    " + strings.Repeat(" ", at) + strings.Repeat("^", width)
}

// problems puts the compiler's messages into our form and order.
func problems(messages []api.Message, warnings bool) []Problem {
	var all []Problem
	for _, m := range messages {
		p := Problem{Text: plain(m.Text) + hint(m.Notes), Warning: warnings}
		if l := m.Location; l != nil {
			column := min(max(l.Column, 0), len(l.LineText))
			end := min(column+max(l.Length, 0), len(l.LineText))
			p.File, p.Line, p.Source = strings.TrimPrefix(l.File, namespace+":"), l.Line, l.LineText
			p.Column = utf8.RuneCountInString(l.LineText[:column]) + 1
			p.Width = utf8.RuneCountInString(l.LineText[column:end])
		}
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column, strings.Compare(a.Text, b.Text))
	})
	return slices.Compact(all)
}

// hint is what the compiler thinks was meant.
func hint(notes []api.Note) string {
	for _, n := range notes {
		if meant := suggestion.FindStringSubmatch(n.Text); meant != nil {
			return fmt.Sprintf(" (did you mean %s?)", meant[1])
		}
	}
	return ""
}

var suggestion = regexp.MustCompile(`^Did you mean (?:to \w+ )?("[^"]*")`)

var configured = regexp.MustCompile(` in the configured target environment \(.*\)`)

// plain is the compiler's text in the words of somebody who knows nothing of it.
func plain(text string) string {
	switch {
	case strings.HasPrefix(text, "Top-level await is not available"):
		return "await outside of a function is not supported: use it inside of a hook"
	case strings.HasPrefix(text, `"import.meta" is not available`):
		return "import.meta is not supported: a bundle has no files"
	case strings.HasPrefix(text, `This "import`), strings.HasPrefix(text, "The glob pattern import("):
		return "import() needs the path as a plain string"
	case strings.HasPrefix(text, "The glob pattern require("):
		return "require() needs the path as a plain string"
	}
	text = strings.ReplaceAll(text, `"`+namespace+":", `"`)
	text = strings.ReplaceAll(text, ` with the "esm" output format due to strict mode`, " in strict mode")
	return configured.ReplaceAllString(text, " here")
}
