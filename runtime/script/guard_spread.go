package script

import "github.com/dop251/goja"

// spread is the function that programs call with what they spread, see rewrite. It
// answers what is to be spread in its place.
func (m *machine) spread(call goja.FunctionCall) goja.Value {
	m.mustGoOn()
	v := call.Argument(0)
	if call.Argument(1) == trueValue {
		m.capKeys("the keys of a value", v, maxMade)
		return v
	}
	switch o := v.(type) {
	case goja.String:
		m.cap("the spread of a text", float64(o.Length()), maxArray)
	case *goja.Object:
		return m.spreadObject(o)
	}
	return v
}

// spreadObject gives an object whose iterator is its own, or the script's, one that
// ends with the call.
func (m *machine) spreadObject(o *goja.Object) goja.Value {
	method := o.GetSymbol(goja.SymIterator)
	if o.ClassName() == "Array" && method == m.iterator {
		m.capList("the spread of a list", o, maxArray)
		return o
	}
	begin, err := m.native("iterator", method)
	if err != nil {
		return o // throws
	}
	guarding := m.vm.NewObject()
	err = guarding.SetSymbol(goja.SymIterator, func(goja.FunctionCall) goja.Value {
		iterator := begin(goja.FunctionCall{This: o}).ToObject(m.vm)
		next, err := m.native("next", iterator.Get("next"))
		if err != nil {
			panic(m.vm.NewTypeError("iterator.next is missing or not a function"))
		}
		own := m.vm.NewObject()
		m.put(own, "next", m.vm.ToValue(func(goja.FunctionCall) goja.Value {
			m.mustGoOn()
			return next(goja.FunctionCall{This: iterator})
		}))
		return own
	})
	if err != nil {
		panic(err)
	}
	return guarding
}

// twice is the function that programs call with a text that is put together with the
// same, or with many, see rewrite. It answers the text.
func (m *machine) twice(call goja.FunctionCall) goja.Value {
	v := call.Argument(0)
	if n := textLength(v); n > maxString/2 {
		m.cap("the text of +", 2*float64(n), maxString)
	}
	return v
}
