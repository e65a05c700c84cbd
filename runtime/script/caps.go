package script

import (
	"fmt"

	"github.com/dop251/goja"
)

// Caps of what a script makes with one call of a built-in function. Built-ins do not
// heed the deadline: a slip of the hand must not fill the server's memory. They hold
// against mistakes, not against somebody who looks for a way around them.
const (
	maxString = 1 << 22 // characters
	maxArray  = 1 << 20 // items
)

// capped are the built-ins that are capped, each with what it is about to make.
var capped = []struct {
	owner, name string
	check       func(m *machine, args goja.FunctionCall)
}{
	{"String.prototype", "repeat", func(m *machine, args goja.FunctionCall) {
		m.cap("repeat", float64(length(args.This))*args.Argument(0).ToFloat(), maxString)
	}},
	{"String.prototype", "padStart", func(m *machine, args goja.FunctionCall) {
		m.cap("padStart", args.Argument(0).ToFloat(), maxString)
	}},
	{"String.prototype", "padEnd", func(m *machine, args goja.FunctionCall) {
		m.cap("padEnd", args.Argument(0).ToFloat(), maxString)
	}},
	{"Array.prototype", "fill", func(m *machine, args goja.FunctionCall) { m.cap("fill", float64(length(args.This)), maxArray) }},
	{"Array.prototype", "join", func(m *machine, args goja.FunctionCall) { m.cap("join", float64(length(args.This)), maxArray) }},
	{"Array", "from", func(m *machine, args goja.FunctionCall) {
		m.cap("Array.from", float64(length(args.Argument(0))), maxArray)
	}},
	{"JSON", "parse", func(m *machine, args goja.FunctionCall) {
		if text, ok := args.Argument(0).(goja.String); ok && deep(text.String()) {
			panic(m.makeError(fmt.Sprintf("JSON.parse: nested over %d levels", maxParsed)))
		}
	}},
}

// capBuiltins puts the caps in front of the built-ins.
func (m *machine) capBuiltins() error {
	for _, c := range capped {
		owner := m.global(c.owner)
		native, ok := goja.AssertFunction(owner.Get(c.name))
		if !ok {
			return fmt.Errorf("the engine has no %s.%s", c.owner, c.name)
		}
		f := m.function(c.owner+"."+c.name, func(_ *call, args goja.FunctionCall) goja.Value {
			c.check(m, args)
			v, err := native(args.This, args.Arguments...)
			if err != nil {
				panic(err)
			}
			return v
		})
		if err := owner.DefineDataProperty(c.name, f, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
			return err
		}
	}
	return nil
}

// global finds "String.prototype".
func (m *machine) global(path string) *goja.Object {
	switch path {
	case "String.prototype", "Array.prototype":
		return m.vm.Get(path[:len(path)-len(".prototype")]).(*goja.Object).Get("prototype").(*goja.Object)
	}
	return m.vm.Get(path).(*goja.Object)
}

// cap throws a RangeError when a built-in would make more than most.
func (m *machine) cap(what string, wanted float64, most int) {
	if wanted <= float64(most) || wanted != wanted {
		return
	}
	o := m.makeError(fmt.Sprintf("%s of %.0f is too much for a hook, which may have %d", what, wanted, most))
	_ = o.Set("name", "RangeError")
	panic(o)
}

// length is how long a text or a list is.
func length(v goja.Value) int64 {
	switch v := v.(type) {
	case goja.String:
		return int64(v.Length())
	case *goja.Object:
		if n := v.Get("length"); n != nil && goja.IsNumber(n) {
			return n.ToInteger()
		}
	}
	return 0
}
