package scripttest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/bundle"
)

// Report is what the tests of a folder came to.
type Report struct {
	Files []File
}

// File is what the tests of a file came to.
type File struct {
	// Name is relative to the hooks folder.
	Name string
	// Err is why its tests could not be run.
	Err error
	// Warnings are about its sources; they do no harm.
	Warnings []string
	// Tests are those that were run, in the order of the file.
	Tests []Test
	Took  time.Duration
}

// Test is what one test came to.
type Test struct {
	Name string
	// Failure is nil for a test that passed.
	Failure *Failure
	// Logged are the lines that its functions have logged.
	Logged []string
	Took   time.Duration
}

// Failure is why a test failed.
type Failure struct {
	// Message says it in one line.
	Message string
	// Place is where, "arena.test.ts:12:5", and Source the line with a mark below the
	// place; empty if it is not known.
	Place, Source string
	// Via are the places that called it, the nearest first.
	Via []string
	// Expected and Got are what an expectation has compared, if it was one.
	Expected, Got string
}

// Failed reports whether something in the file is wrong.
func (f *File) Failed() bool { return f.Err != nil || f.failures() > 0 }

func (f *File) failures() int {
	n := 0
	for _, t := range f.Tests {
		if t.Failure != nil {
			n++
		}
	}
	return n
}

// Failed reports whether a file or a test has failed.
func (r *Report) Failed() bool {
	for i := range r.Files {
		if r.Files[i].Failed() {
			return true
		}
	}
	return false
}

// Counts are how many tests were run, and how many of them failed; a file that could
// not be run counts as one.
func (r *Report) Counts() (tests, failed int) {
	for i := range r.Files {
		f := &r.Files[i]
		tests += len(f.Tests)
		failed += f.failures()
		if f.Err != nil {
			tests, failed = tests+1, failed+1
		}
	}
	return tests, failed
}

// maxVia is how many callers a failure names.
const maxVia = 4

// failure says of an error where it came from in the author's files.
func (o *Options) failure(err error, d detail) *Failure {
	f := &Failure{Message: err.Error()}
	var where *script.Error
	if !errors.As(err, &where) {
		return f
	}
	f.Message, f.Expected, f.Got = where.Message, d.Expected, d.Got
	if errors.Is(err, context.DeadlineExceeded) {
		f.Message = fmt.Sprintf("the test took over %v and was stopped here", o.Timeout)
	}
	for _, frame := range where.Stack {
		if isKit(frame.File) {
			continue
		}
		if f.Place == "" {
			f.Place, f.Source = frame.String(), bundle.Quote(frame.Source(), frame.Column, 1)
		} else if len(f.Via) < maxVia {
			f.Via = append(f.Via, strings.TrimSpace(frame.Function+" "+frame.String()))
		}
	}
	return f
}

func isKit(file string) bool {
	return file == entryModule || file == kitModule || file == valuesModule || file == testModule
}
