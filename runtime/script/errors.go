package script

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/dop251/goja"

	"github.com/muster-gg/muster/runtime/script/bundle"
)

// Error is what went wrong in a script, where its author wrote it.
type Error struct {
	// Message is one line: "TypeError: Cannot read property 'x' of undefined".
	Message string
	// Stack begins with the place; it is empty when none is known.
	Stack []Frame
	// Source is the line of the place, for errors of loading.
	Source string
}

var _ error = (*Error)(nil)

// Frame is a place in a script.
type Frame struct {
	// Function is empty outside of functions and for those without a name.
	Function string
	// File is relative to the script's folder.
	File         string
	Line, Column int

	source string // the line
}

// Source is the line, empty if it is not known.
func (f Frame) Source() string { return f.source }

func (f Frame) String() string { return fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column) }

// Error is "arena.ts:12:5: TypeError: …" and, for an error of loading, the line
// with a mark below the place.
func (e *Error) Error() string {
	text := e.Message
	if len(e.Stack) > 0 {
		text = e.Stack[0].String() + ": " + text
		if e.Source != "" {
			text += "\n" + bundle.Quote(e.Source, e.Stack[0].Column, 1)
		}
	}
	return text
}

// maxMessage is how long the text of an error may be.
const maxMessage = 500

// failure turns what goja returned as an error into the hook's: a refusal that the
// script threw, or an *Error.
func (m *machine) failure(err error) error {
	switch e := err.(type) {
	case *goja.InterruptedError:
		m.broken = true
		cause, _ := e.Value().(error)
		if limit, ok := cause.(*exceeded); ok {
			return &Error{Message: limit.text, Stack: m.frames(e.Stack())}
		}
		frames := m.frames(e.Stack())
		if c := m.call; len(frames) == 0 && c != nil && c.loop != nil {
			return c.outOfTime(cause)
		}
		return &stopped{cause, &Error{Message: "the call ran out of time here", Stack: frames}}
	case *goja.StackOverflowError:
		m.broken = true
		return &Error{Message: fmt.Sprintf("functions call each other over %d levels deep", maxStack), Stack: m.frames(e.Stack())}
	case *goja.Exception:
		return m.thrown(e.Value(), m.frames(e.Stack()))
	}
	return err
}

// isStop reports whether err ended the script without it being able to catch that.
func isStop(err error) bool {
	switch err.(type) {
	case *goja.InterruptedError, *goja.StackOverflowError:
		return true
	}
	return false
}

// stopped is the error of a call whose context ended.
type stopped struct {
	cause error
	where *Error
}

func (e *stopped) Error() string   { return e.where.Error() }
func (e *stopped) Unwrap() []error { return []error{e.cause, e.where} }

// outOfTime is the error of a call whose context ended while it waited: for the first
// thing that it asked for, or for its next timer.
func (c *call) outOfTime(cause error) error {
	e := &Error{Message: "the call ran out of time while it waited for this"}
	if len(c.asked) > 0 {
		e.Stack = c.machine.frames(*c.asked[0])
	} else if len(c.timers) > 0 {
		e.Stack = c.machine.frames(c.timers[0].set)
	}
	return &stopped{cause, e}
}

// thrown is the error for a value that the script threw, or rejected a promise
// with. An error object knows where it was made; stack is where it was thrown.
func (m *machine) thrown(v goja.Value, stack []Frame) error {
	o, ok := v.(*goja.Object)
	if !ok {
		return &Error{Message: "threw " + clip(describe(v), maxMessage), Stack: stack}
	}
	if err := m.call.refusals[o]; err != nil {
		return err
	}
	result := &Error{Message: "threw " + describe(v), Stack: stack}
	// Reading properties may run code of the script.
	_ = m.vm.Try(func() {
		name, message := o.Get("name"), o.Get("message")
		if !isText(message) {
			return
		}
		result.Message = clip(message.String(), maxMessage)
		if isText(name) && name.String() != "" {
			result.Message = strings.TrimSuffix(clip(name.String(), 64)+": "+result.Message, ": ")
		}
		result.Message = oneLine(result.Message + missing(result.Message))
		if made := o.Get("stack"); isText(made) {
			if frames := m.parseStack(made.String()); len(frames) > 0 {
				result.Stack = frames
			}
		}
	})
	return result
}

func isText(v goja.Value) bool { return v != nil && goja.IsString(v) }

func oneLine(text string) string { return strings.NewReplacer("\r", " ", "\n", " ").Replace(text) }

// missing says of an error about a name that hooks do not have it.
func missing(message string) string {
	name, ok := strings.CutSuffix(message, " is not defined")
	if !ok {
		return ""
	}
	name = strings.TrimPrefix(name, "ReferenceError: ")
	if why := unavailable[name]; why != "" {
		return ": hooks have no " + name + ", " + why
	}
	return ""
}

// frames are the places of a stack that are the author's.
func (m *machine) frames(stack []goja.StackFrame) []Frame {
	var frames []Frame
	for i := range stack {
		if stack[i].SrcName() != bundleName {
			continue
		}
		p := stack[i].Position()
		f, ok := m.version.place(p.Line, p.Column)
		if !ok {
			continue
		}
		if name := stack[i].FuncName(); !strings.HasPrefix(name, "<") {
			f.Function = name
		}
		if frames = append(frames, f); len(frames) == maxFrames {
			break
		}
	}
	return frames
}

const maxFrames = 16

// place is the author's place of a place in the bundle.
func (v *Version) place(line, column int) (Frame, bool) {
	file, line, column, source, ok := v.places.Lookup(line, column)
	return Frame{File: file, Line: line, Column: column, source: source}, ok
}

// stackLine matches a line of the stack property of an error object.
var stackLine = regexp.MustCompile(`(?m)^\tat (?:(.*) \()?` + bundleName + `:(\d+):(\d+)\(\d+\)\)?$`)

// parseStack reads the stack property of an error object.
func (m *machine) parseStack(text string) []Frame {
	var frames []Frame
	for _, parts := range stackLine.FindAllStringSubmatch(clip(text, 16<<10), maxFrames) {
		line, _ := strconv.Atoi(parts[2])
		column, _ := strconv.Atoi(parts[3])
		if f, ok := m.version.place(line, column); ok {
			f.Function = parts[1]
			frames = append(frames, f)
		}
	}
	return frames
}

// stackText is a stack for an error that is made for the script, in the form in
// which the engine makes them.
func stackText(title string, stack []goja.StackFrame) string {
	var b bytes.Buffer
	b.WriteString(title + "\n")
	for i := range stack {
		b.WriteString("\tat ")
		stack[i].Write(&b)
		b.WriteByte('\n')
	}
	return b.String()
}

// mapped is text, as a log has it, with the places of an engine's stack replaced by
// the author's.
func (m *machine) mapped(text string) string {
	if !strings.Contains(text, "\tat ") {
		return text
	}
	return stackLine.ReplaceAllStringFunc(text, func(line string) string {
		if frames := m.parseStack(line); len(frames) == 1 {
			return "\tat " + strings.TrimSpace(frames[0].Function+" "+frames[0].String())
		}
		return line
	})
}
