package script

import (
	"encoding/json"
	"strings"
	"unicode"

	"github.com/dop251/goja"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/muster-gg/muster/sdk/hook"
)

// Limits of what one call logs.
const (
	maxLines     = 100
	maxLineBytes = 64 << 10
	maxLine      = 4 << 10
)

// logged counts what a call has logged.
type logged struct {
	lines, bytes int
	full         bool // it was said that there is too much
}

var (
	logNames     = []string{"debug", "info", "warn", "error"}
	consoleNames = []string{"debug", "log", "info", "warn", "error", "trace"}
)

func levelOf(name string) zapcore.Level {
	switch name {
	case "debug", "trace":
		return zap.DebugLevel
	case "warn":
		return zap.WarnLevel
	case "error":
		return zap.ErrorLevel
	}
	return zap.InfoLevel
}

// logFunction is a function of ctx.log: a message, and fields if wanted.
func logFunction(name string) func(*call, goja.FunctionCall) goja.Value {
	level := levelOf(name)
	return func(c *call, args goja.FunctionCall) goja.Value {
		if !c.machine.version.log.Core().Enabled(level) {
			return goja.Undefined()
		}
		var fields []zap.Field
		if o, ok := args.Argument(1).(*goja.Object); ok && className(o) == "" {
			for i, key := range o.Keys() {
				if i == 32 {
					break
				}
				fields = append(fields, zap.Any(clip(key, 64), c.loggable(o.Get(key))))
			}
		} else if !goja.IsUndefined(args.Argument(1)) {
			fields = append(fields, zap.Any("value", c.loggable(args.Argument(1))))
		}
		c.write(level, c.show(args.Argument(0)), fields)
		return goja.Undefined()
	}
}

// consoleFunction is a function of console: any values, as words of one line.
func consoleFunction(name string) func(*call, goja.FunctionCall) goja.Value {
	level := levelOf(name)
	return func(c *call, args goja.FunctionCall) goja.Value {
		if !c.machine.version.log.Core().Enabled(level) {
			return goja.Undefined()
		}
		var words []string
		for _, arg := range args.Arguments {
			words = append(words, c.show(arg))
		}
		c.write(level, strings.Join(words, " "), nil)
		return goja.Undefined()
	}
}

// write writes one line, with the place in the script that it came from.
func (c *call) write(level zapcore.Level, message string, fields []zap.Field) {
	if c.serves == nil && c.machine.version.loaded.Load() {
		return // the code outside of functions has said it when the first machine ran it
	}
	if c.lines >= maxLines || c.bytes >= maxLineBytes {
		if !c.full {
			c.full = true
			c.machine.version.log.Warn("the hook logs too much: the rest of this call's lines is dropped", c.about()...)
		}
		return
	}
	message = clip(clean(c.machine.mapped(message)), maxLine)
	c.lines++
	c.bytes += len(message)
	for _, f := range fields {
		c.bytes += len(f.Key) + sizeOf(f)
	}
	frames := c.machine.frames(c.machine.vm.CaptureCallStack(4, nil))
	if c.tape != nil {
		c.tape.line(logLine(level, message, fields, frames))
	}
	line := c.machine.version.log.Check(level, message)
	if line == nil {
		return
	}
	about := c.about()
	if len(frames) > 0 {
		about = append(about, zap.Stringer("at", frames[0]))
	}
	if len(fields) > 0 {
		about = append(about, zap.Dict("fields", fields...))
	}
	line.Write(about...)
}

// sizeOf is about how many bytes a field adds to a line.
func sizeOf(f zap.Field) int {
	if f.Type == zapcore.StringType {
		return len(f.String)
	}
	text, _ := json.Marshal(f.Interface)
	return len(text)
}

// about are the fields of every line about the call.
func (c *call) about() []zap.Field {
	if c.serves == nil {
		return nil
	}
	return []zap.Field{zap.String("point", string(c.serves.name))}
}

// logFailure writes a line about an error that does not end the call.
func (c *call) logFailure(what string, err error) {
	fields := append(c.about(), zap.Error(err))
	if e, ok := err.(*Error); ok && len(e.Stack) > 0 {
		fields = append(fields, zap.Stringer("at", e.Stack[0]))
	}
	c.machine.version.log.Warn("the hook has "+what, fields...)
}

// rejected takes note of promises that are rejected while nobody waits for them.
func (c *call) rejected(p *goja.Promise, what goja.PromiseRejectionOperation) {
	if what == goja.PromiseRejectionReject {
		if len(c.rejections) < maxPending {
			c.rejections = append(c.rejections, p)
		}
		return
	}
	c.handled(p)
}

// reportRejections logs the rejections that nobody has handled.
func (c *call) reportRejections() {
	for i, p := range c.rejections {
		if i == 10 {
			break
		}
		err := c.machine.thrown(p.Result(), nil)
		if _, refused := hook.AsRefusal(err); refused {
			err = &Error{Message: "a refusal in a promise that nobody awaits: " + err.Error()}
		}
		c.logFailure("an error that nobody awaits", err)
	}
}

// show is a value as a line of a log has it.
func (c *call) show(v goja.Value) string {
	switch value := c.loggable(v).(type) {
	case string:
		return value
	case nil:
		if goja.IsUndefined(v) {
			return "undefined"
		}
		return "null"
	default:
		text, err := json.Marshal(value)
		if err != nil {
			return describe(v)
		}
		return string(text)
	}
}

// loggable is a value as zap takes it.
func (c *call) loggable(v goja.Value) any {
	if o, ok := v.(*goja.Object); ok && className(o) == "Error" {
		return c.machine.thrown(v, nil).Error()
	}
	if goja.IsUndefined(v) {
		return nil
	}
	d := decoder{}
	value, err := d.json(v)
	if err != nil {
		return describe(v)
	}
	return value.AsInterface()
}

// clean takes out what would break a line of a log.
func clean(text string) string {
	if !strings.ContainsFunc(text, unicode.IsControl) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}
