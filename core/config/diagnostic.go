package config

import (
	"fmt"
	"slices"
	"strings"
)

// Severity says whether a config with this in it can be used.
type Severity int

// The severities.
const (
	Error Severity = iota + 1
	Warning
)

func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Diagnostic is one thing that is wrong with a config file, in words for the
// person who wrote it. No part of it holds a secret.
type Diagnostic struct {
	Severity Severity
	// File is as the caller of Load or Parse named it.
	File string
	// Line and Column count from 1; Column counts characters. Line 0: the file
	// could not be read at all.
	Line, Column int
	// EndColumn is just behind the offending text; if that goes on in later lines,
	// the end of Line.
	EndColumn int
	// Text says what is wrong: a sentence.
	Text string
	// Hint is what was probably meant, as it would be written; may be empty.
	Hint string
	// Help says what is allowed or how to mend it: a sentence; may be empty.
	Help string
	// Source is the line, with the values of secrets masked.
	Source string
}

// Error is the diagnostic in one line.
func (d Diagnostic) Error() string {
	var b strings.Builder
	b.WriteString(d.place())
	fmt.Fprintf(&b, ": %s: %s", d.Severity, d.Text)
	if d.Hint != "" {
		fmt.Fprintf(&b, " Did you mean %s?", d.Hint)
	}
	if d.Help != "" {
		b.WriteString(" " + d.Help)
	}
	return b.String()
}

func (d Diagnostic) place() string {
	if d.Line == 0 {
		return d.File
	}
	return fmt.Sprintf("%s:%d:%d", d.File, d.Line, d.Column)
}

// Diagnostics are in the order of the file.
type Diagnostics []Diagnostic

// HasErrors reports whether the config cannot be used.
func (ds Diagnostics) HasErrors() bool { return len(ds.Errors()) > 0 }

// Errors returns the errors alone.
func (ds Diagnostics) Errors() Diagnostics { return ds.of(Error) }

// Warnings returns the warnings alone.
func (ds Diagnostics) Warnings() Diagnostics { return ds.of(Warning) }

func (ds Diagnostics) of(s Severity) Diagnostics {
	var some Diagnostics
	for _, d := range ds {
		if d.Severity == s {
			some = append(some, d)
		}
	}
	return some
}

// Err is nil without errors; else its text is one line for each error.
func (ds Diagnostics) Err() error {
	if bad := ds.Errors(); len(bad) > 0 {
		return bad
	}
	return nil
}

// Error is one line for each diagnostic.
func (ds Diagnostics) Error() string {
	lines := make([]string, len(ds))
	for i, d := range ds {
		lines[i] = d.Error()
	}
	return strings.Join(lines, "\n")
}

func (ds Diagnostics) sort() {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
}
