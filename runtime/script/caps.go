package script

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/dop251/goja"
)

// Caps of what a script makes, or goes through, with one call of a built-in
// function.
const (
	maxString = 1 << 22 // characters
	maxArray  = 1 << 17 // items
	// maxMade is how many objects or texts one call makes: keys of an object, parts
	// of a text.
	maxMade = 1 << 16
	// maxDescribed is the same for the properties of objects with all about them.
	maxDescribed = 1 << 13
	// maxScanned is how many characters a function goes through, maxSlow how many one
	// that takes long over each.
	maxScanned = 1 << 20
	maxSlow    = 1 << 17
	maxArgs    = 1 << 16
	// maxBytes is how much memory a buffer has, maxPattern how long the text of a
	// regular expression is.
	maxBytes   = 1 << 22
	maxPattern = 1 << 12
	// maxNested is how deep lists may nest that are turned into text.
	maxNested = 500
)

// cap throws a RangeError when a built-in would make more than most.
func (m *machine) cap(what string, wanted float64, most int) {
	if wanted <= float64(most) || wanted != wanted {
		return
	}
	panic(m.rangeError(fmt.Sprintf("%s of %.0f is too much for a hook, which may have %d", what, wanted, most)))
}

// rangeError makes a RangeError, as far as a script can tell.
func (m *machine) rangeError(message string) *goja.Object {
	o := m.makeError(message)
	_ = o.Set("name", "RangeError")
	return o
}

// capList throws when v is too long for a function that goes through it.
func (m *machine) capList(what string, v goja.Value, most int) {
	if n := m.items(what, v); n > int64(most) {
		m.cap(what, float64(n), most)
	}
}

// items is how long a text or a list is, or what looks like one.
func (m *machine) items(what string, v goja.Value) int64 {
	switch v := v.(type) {
	case goja.String:
		return int64(v.Length())
	case *goja.Object:
		if v.ClassName() == "Array" {
			return v.Get("length").ToInteger()
		}
		return m.likeList(what, v)
	}
	return 0
}

// likeList is the length of an object that is no list. It must not be computed: the
// function that is guarded would get another answer.
func (m *machine) likeList(what string, o *goja.Object) int64 {
	own, _ := m.descriptor(goja.FunctionCall{Arguments: []goja.Value{o, m.lengthKey}}).(*goja.Object)
	length := goja.Value(nil)
	if own != nil {
		length = own.Get("value")
	} else if length = o.Get("length"); isBinary(o) && length != nil {
		return length.ToInteger()
	} else if length == nil {
		return 0
	}
	if own == nil || length == nil || isObject(length) {
		panic(m.vm.NewTypeError("%s of an object whose length is computed", what))
	}
	return length.ToInteger()
}

func isObject(v goja.Value) bool { _, ok := v.(*goja.Object); return ok }

// isBinary reports whether o is a typed array.
func isBinary(o *goja.Object) bool {
	t := o.ExportType()
	return t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Interface && t.Elem().Kind() != reflect.Array
}

// asText turns objects among the arguments into text, as the function itself would,
// so that what is checked is what it gets.
func asText(call goja.FunctionCall) goja.FunctionCall {
	if isObject(call.This) {
		call.This = call.This.ToString()
	}
	for i, arg := range call.Arguments {
		if isObject(arg) {
			args := append([]goja.Value(nil), call.Arguments...)
			for j := i; j < len(args); j++ {
				if isObject(args[j]) {
					args[j] = args[j].ToString()
				}
			}
			call.Arguments = args
			break
		}
	}
	return call
}

// text is a value as text, as the engine itself would make it.
func (m *machine) text(v goja.Value) goja.String {
	if s, ok := v.(goja.String); ok {
		return s
	}
	if _, ok := v.(*goja.Symbol); ok {
		panic(m.vm.NewTypeError("Cannot convert a Symbol value to a string"))
	}
	v = v.ToString()
	if s, ok := v.(goja.String); ok {
		return s
	}
	return m.vm.ToValue(v.String()).(goja.String)
}

// global finds "String.prototype".
func (m *machine) global(path string) *goja.Object {
	o := m.vm.GlobalObject()
	for name := range strings.SplitSeq(path, ".") {
		if name != "globalThis" {
			o = o.Get(name).(*goja.Object)
		}
	}
	return o
}
