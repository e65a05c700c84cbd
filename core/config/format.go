package config

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// The colours of a terminal.
const (
	red, yellow, bold, dim, plain = "\x1b[31m", "\x1b[33m", "\x1b[1m", "\x1b[2m", "\x1b[0m"

	maxSnippet = 140 // characters of a source line
)

// Format writes diagnostics for a person: place, what is wrong, the line with the
// offending text underlined, what was meant, what is allowed. colour adds the
// escape sequences of a terminal. The error is the writer's.
func Format(w io.Writer, ds Diagnostics, colour bool) error {
	var b bytes.Buffer
	for i, d := range ds {
		if i > 0 {
			b.WriteByte('\n')
		}
		formatOne(&b, d, painter(colour))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// painter paints text, or leaves it as it is.
type painter bool

func (p painter) paint(colour, text string) string {
	if !p {
		return text
	}
	return colour + text + plain
}

func formatOne(b *bytes.Buffer, d Diagnostic, p painter) {
	colour := red
	if d.Severity == Warning {
		colour = yellow
	}
	fmt.Fprintf(b, "%s: %s %s\n", p.paint(bold, printable(d.place())), p.paint(colour, d.Severity.String()+":"), printable(d.Text))
	if d.Line > 0 {
		before, marked, after := snippet(d)
		gutter := fmt.Sprintf("%5d", d.Line)
		fmt.Fprintf(b, "%s %s\n", p.paint(dim, gutter+" |"), before+p.paint(colour, marked)+after)
		blank := strings.Map(func(r rune) rune {
			if r == '\t' {
				return r
			}
			return ' '
		}, before)
		carets := strings.Repeat("^", max(1, len([]rune(marked))))
		fmt.Fprintf(b, "%s %s\n", p.paint(dim, "      |"), blank+p.paint(colour, carets))
	}
	if d.Hint != "" {
		fmt.Fprintf(b, "        did you mean %s?\n", p.paint(bold, printable(d.Hint)))
	}
	if d.Help != "" {
		fmt.Fprintf(b, "        %s\n", printable(d.Help))
	}
}

// snippet cuts the source line around the offending text.
func snippet(d Diagnostic) (before, marked, after string) {
	line := []rune(printable(d.Source))
	from := min(max(d.Column-1, 0), len(line))
	to := min(max(d.EndColumn-1, from), len(line))
	first, last := 0, len(line)
	if last > maxSnippet {
		first = max(0, min(from-maxSnippet/4, last-maxSnippet))
		last = first + maxSnippet
		to = min(to, last)
	}
	before, marked, after = string(line[first:from]), string(line[from:to]), string(line[to:last])
	if first > 0 {
		before = "…" + before
	}
	if last < len(line) {
		after += "…"
	}
	return before, marked, after
}

// printable keeps a file from writing to the terminal what is no text.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}
