package scripttest

import (
	"fmt"
	"io"
	"strings"
)

// Write writes the report as `muster hooks test` shows it: what failed, and a line for
// each file; with verbose, a line for each test and what it has logged.
func (r *Report) Write(w io.Writer, verbose bool) error {
	var b strings.Builder
	for i := range r.Files {
		f := &r.Files[i]
		f.failing(&b, verbose)
		switch {
		case f.Err != nil:
			fmt.Fprintf(&b, "FAIL  %s\n", f.Name)
		case f.Failed():
			fmt.Fprintf(&b, "FAIL  %s  %d of %s failed  %s\n", f.Name, f.failures(), plural(len(f.Tests)), seconds(f.Took.Seconds()))
		case len(f.Tests) == 0:
			fmt.Fprintf(&b, "?     %s  no tests to run\n", f.Name)
		default:
			fmt.Fprintf(&b, "ok    %s  %s  %s\n", f.Name, plural(len(f.Tests)), seconds(f.Took.Seconds()))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Failures is what failed, for a log.
func (r *Report) Failures() string {
	var b strings.Builder
	for i := range r.Files {
		if r.Files[i].Failed() {
			r.Files[i].failing(&b, false)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// failing writes what failed in a file, and with verbose what passed.
func (f *File) failing(b *strings.Builder, verbose bool) {
	for _, warning := range f.Warnings {
		b.WriteString(warning + "\n")
	}
	if f.Err != nil {
		b.WriteString(f.Err.Error() + "\n")
	}
	for _, t := range f.Tests {
		if t.Failure == nil && !verbose {
			continue
		}
		verdict := "PASS"
		if t.Failure != nil {
			verdict = "FAIL"
		}
		fmt.Fprintf(b, "--- %s: %s (%s)\n", verdict, t.Name, seconds(t.Took.Seconds()))
		if t.Failure != nil {
			t.Failure.write(b)
		}
		for _, line := range t.Logged {
			b.WriteString("    " + line + "\n")
		}
	}
}

func (f *Failure) write(b *strings.Builder) {
	text := f.Message
	if f.Place != "" {
		text = f.Place + ": " + text + "\n" + f.Source
	}
	for _, via := range f.Via {
		text += "\ncalled by " + via
	}
	if f.Expected != "" {
		for _, line := range diff(f.Expected, f.Got) {
			text += "\n  " + line
		}
	}
	b.WriteString("    " + strings.ReplaceAll(text, "\n", "\n    ") + "\n")
}

func seconds(s float64) string { return fmt.Sprintf("%.2fs", s) }

func plural(n int) string {
	if n == 1 {
		return "1 test"
	}
	return fmt.Sprintf("%d tests", n)
}
