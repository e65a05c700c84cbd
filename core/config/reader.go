package config

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// reader turns one file into values and collects what is wrong with it. It goes
// on after every mistake, with the default in place of the bad value.
type reader struct {
	file   string
	dir    string
	src    []byte
	masked []byte // src with secrets replaced; what diagnostics quote
	lines  [][]byte
	opts   Options
	known  map[string]names
	eval   *hcl.EvalContext
	diags  Diagnostics
	fleets []fleet
	// offered are the plugin blocks.
	offered []*offered
}

// fleet is a port range with the place that it was read from.
type fleet struct {
	game  string
	ports PortRange
	at    hcl.Range
}

func newReader(file, dir string, src []byte, o Options) *reader {
	r := &reader{file: file, dir: dir, src: src, opts: o, known: reference()}
	if len(src) <= maxFile {
		r.show(mask(src, file, nil))
	}
	r.eval = &hcl.EvalContext{Functions: functions(o.LookupEnv)}
	return r
}

// show sets what diagnostics quote.
func (r *reader) show(masked []byte) {
	r.masked, r.lines = masked, bytes.Split(masked, []byte("\n"))
}

// fail adds an error, warn a warning. at is what is underlined.
func (r *reader) fail(at hcl.Range, p problem) { r.add(Error, at, p) }
func (r *reader) warn(at hcl.Range, p problem) { r.add(Warning, at, p) }

// problem is what a diagnostic says.
type problem struct {
	text string // a sentence
	hint string // what was meant, as written
	help string // a sentence
}

func (r *reader) add(s Severity, at hcl.Range, p problem) {
	d := Diagnostic{Severity: s, File: r.file, Text: p.text, Hint: p.hint, Help: p.help}
	d.Line = max(1, at.Start.Line)
	d.Column = max(1, at.Start.Column)
	if d.Line <= len(r.lines) {
		d.Source = strings.TrimRight(string(r.lines[d.Line-1]), " \r")
	}
	d.EndColumn = at.End.Column
	if at.End.Line > d.Line {
		d.EndColumn = len([]rune(d.Source)) + 1
	}
	d.EndColumn = max(d.EndColumn, d.Column+1)
	r.diags = append(r.diags, d)
}

// quote is a piece of the file as it stands there, secrets masked; "this value"
// for what does not fit into a sentence.
func (r *reader) quote(at hcl.Range) string {
	text := "this value"
	if at.CanSliceBytes(r.masked) {
		if s := string(at.SliceBytes(r.masked)); s != "" && len(s) <= 60 && !strings.ContainsAny(s, "\n\r") {
			text = s
		}
	}
	return text
}

// parse makes the syntax tree; nil after errors that leave it in doubt.
func (r *reader) parse() *hclsyntax.Body {
	start := hcl.Pos{Line: 1, Column: 1}
	if len(r.src) > maxFile {
		r.fail(hcl.Range{Start: start, End: start}, problem{text: unreadable(errTooBig)})
		return nil
	}
	if at, ok := tooDeep(r.src, r.file); ok {
		r.fail(at, problem{text: "This is nested too deeply."})
		return nil
	}
	f, diags := hclsyntax.ParseConfig(r.src, r.file, start)
	if slices.ContainsFunc(diags, func(d *hcl.Diagnostic) bool { return d.Severity == hcl.DiagError && d.Summary != redefined }) {
		r.maskLines()
	}
	if !r.syntax(diags) || f == nil {
		return nil
	}
	body, _ := f.Body.(*hclsyntax.Body)
	return body
}

// syntax reports what the parser found, but for errors that follow from others:
// the second one of a line, and those behind a quote or bracket without an end.
// It reports whether the tree can be used.
func (r *reader) syntax(diags hcl.Diagnostics) bool {
	usable, line := true, 0
	slices.SortStableFunc(diags, func(a, b *hcl.Diagnostic) int {
		return cmp.Compare(rangeOf(a).Start.Byte, rangeOf(b).Start.Byte)
	})
	for _, d := range diags {
		if d.Severity != hcl.DiagError || r.repeated(d) {
			continue
		}
		usable = false
		if at := rangeOf(d); at.Start.Line != line {
			line = at.Start.Line
			r.fail(at, problem{text: sentence(d.Summary), help: sentence(d.Detail)})
		}
		if strings.HasPrefix(d.Summary, "Unclosed") || strings.HasPrefix(d.Summary, "Unterminated") || d.Summary == "Invalid multi-line string" {
			break
		}
	}
	return usable
}

// redefined is the parser's name of a key that is set twice.
const redefined = "Attribute redefined"

// repeated reports a key that is set twice: the one mistake that the parser finds
// and that leaves the rest of the tree whole.
func (r *reader) repeated(d *hcl.Diagnostic) bool {
	if d.Summary != redefined || d.Subject == nil {
		return false
	}
	r.fail(*d.Subject, problem{text: r.quote(*d.Subject) + " is set twice here.", help: "Keep one of the two."})
	return true
}

func rangeOf(d *hcl.Diagnostic) hcl.Range {
	if d.Subject == nil {
		return hcl.Range{}
	}
	return *d.Subject
}

func sentence(text string) string {
	if text == "" || strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}
