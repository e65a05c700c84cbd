package sandbox

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// By is what a child was ended by.
type By string

// What ends children.
const (
	Time   By = "time"
	Memory By = "memory"
	Stack  By = "stack"
	// Others is somebody else, such as the system when its memory is short.
	Others By = "others"
	// Flood is an answer without end.
	Flood By = "flood"
	// Itself is what should not happen.
	Itself By = "itself"
)

// Ended is the error of work whose process was ended before the answer was there.
type Ended struct {
	By By
	// Open are the files that were being worked on, sorted.
	Open   []string
	limits Limits
	// how the process ended, if By is Itself.
	how string
}

// Error is what happened, as the end of a sentence about who did it.
func (e *Ended) Error() string {
	switch e.By {
	case Time:
		return fmt.Sprintf("did not come to an end within %v", e.limits.Time)
	case Memory:
		return fmt.Sprintf("ran out of memory (%d MiB)", e.limits.Memory>>20)
	case Stack:
		return "ran out of stack"
	case Others:
		return "ended: killed from outside, perhaps because the machine is short of memory"
	case Flood:
		return fmt.Sprintf("answered with over %d MiB", maxAnswer>>20)
	}
	return "ended without an answer: " + e.how
}

var errFlood = errors.New("the answer is too long")

// ended says why there is no answer. The process is reaped.
func (c *child) ended(err error, a *answer, l Limits) *Ended {
	e := &Ended{By: Itself, Open: a.open(), limits: l}
	printed := c.printed.String()
	says := func(any ...string) bool {
		for _, part := range any {
			if strings.Contains(printed, part) {
				return true
			}
		}
		return false
	}
	switch {
	case errors.Is(err, errFlood):
		e.By = Flood
	case says("stack overflow", "stack exceeds"):
		e.By = Stack
	case says("out of memory", "cannot allocate", "failed to allocate", "newosproc", "cannot map pages"):
		e.By = Memory
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		e.how = "what it said cannot be read (" + err.Error() + ")"
	case strings.Contains(c.cmd.ProcessState.String(), "killed"):
		e.By = Others
	default:
		e.how = c.cmd.ProcessState.String() + plainLine(printed)
	}
	return e
}

// plainLine is the first line of what a child has printed, as the end of a sentence.
func plainLine(printed string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(printed), "\n")
	line = strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, line)
	if line == "" {
		return ""
	}
	return ": " + line[:min(len(line), 300)]
}
