package script

import (
	"fmt"
	"strconv"

	"github.com/dop251/goja"
)

// jsonGuard is the guard of a function of JSON.
func jsonGuard(name string) guard {
	switch name {
	case "parse":
		return parseJSON
	case "stringify":
		return writeJSON
	}
	return scanned(name, maxSlow)
}

func parseJSON(m *machine, run native, call goja.FunctionCall) goja.Value {
	text := m.text(call.Argument(0))
	m.cap("JSON.parse of a text", float64(text.Length()), maxScanned)
	data := text.String()
	if deep(data) {
		panic(m.makeError(fmt.Sprintf("JSON.parse: nested over %d levels", maxParsed)))
	}
	if len(data) > maxArray {
		m.cap("JSON.parse of values", float64(valuesIn(data)), maxArray)
	}
	call.Arguments = append([]goja.Value{text}, call.Arguments[min(1, len(call.Arguments)):]...)
	return run(call)
}

// valuesIn is about how many values JSON has: one for every comma outside of texts.
func valuesIn(data string) int {
	n, quoted := 1, false
	for i := 0; i < len(data); i++ {
		switch b := data[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case b == ',' && !quoted:
			n++
		}
	}
	return n
}

// writer is what JSON.stringify asks about every value: it counts the text and the
// levels, and ends with the call.
type writer struct {
	m       *machine
	replace native // the script's, if it gave one
	only    *goja.Object
	holders []*goja.Object // that are being written, from outside to inside
	size    int
	indent  int // characters of a level
}

func writeJSON(m *machine, run native, call goja.FunctionCall) goja.Value {
	if !isObject(call.Argument(0)) {
		m.cap("JSON.stringify of a text", float64(textLength(call.Argument(0))), maxScanned)
		return run(call)
	}
	w := writer{m: m}
	if o, ok := call.Argument(1).(*goja.Object); ok {
		if f, err := m.native("replacer", o); err == nil {
			w.replace = f
		} else if o.ClassName() == "Array" {
			m.capList("the keys of JSON.stringify", o, maxMade)
			w.only = o
		}
	}
	if space := call.Argument(2); !goja.IsUndefined(space) && !goja.IsNull(space) {
		w.indent = 10
	}
	call.Arguments = []goja.Value{call.Argument(0), m.vm.ToValue(w.value), call.Argument(2)}
	v := run(call)
	m.makes(int64(textLength(v)))
	return v
}

// value is called with the object that holds a value, the key and the value.
func (w *writer) value(call goja.FunctionCall) goja.Value {
	w.m.mustGoOn()
	v := call.Argument(1)
	if w.replace != nil {
		v = w.replace(call)
	}
	holder, _ := call.This.(*goja.Object)
	for len(w.holders) > 0 && w.holders[len(w.holders)-1] != holder {
		w.holders = w.holders[:len(w.holders)-1]
	}
	if len(w.holders) == 0 {
		w.holders = append(w.holders, holder)
	}
	w.size += textLength(call.Argument(0)) + textLength(v) + len(w.holders)*w.indent + 4
	w.m.cap("the text of JSON.stringify", float64(w.size), maxString)
	o, ok := v.(*goja.Object)
	if !ok {
		return v
	}
	if w.only != nil && className(o) == "" {
		o = w.picked(o)
	}
	if w.holders = append(w.holders, o); len(w.holders) > maxNested {
		panic(w.m.rangeError(fmt.Sprintf("JSON.stringify: nested over %d levels", maxNested)))
	}
	if o.ClassName() == "Array" {
		w.m.capList("JSON.stringify", o, maxArray)
	}
	return o
}

// picked is an object with those keys of o that the script wants.
func (w *writer) picked(o *goja.Object) *goja.Object {
	to := w.m.vm.NewObject()
	for i := range w.only.Get("length").ToInteger() {
		key := w.only.Get(strconv.FormatInt(i, 10))
		if key == nil || goja.IsUndefined(key) || goja.IsNull(key) {
			continue
		}
		name := key.String()
		if v := o.Get(name); v != nil && !goja.IsUndefined(v) {
			w.m.put(to, name, v)
		}
	}
	return to
}
