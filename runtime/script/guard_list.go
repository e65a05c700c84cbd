package script

import (
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// listGuard is the guard of a method of lists.
func listGuard(name string) guard {
	switch name {
	case "concat":
		return concat
	case "flat":
		return flatten
	case "flatMap":
		return flatMap
	case "sort", "toSorted":
		return sorted(name)
	case "join":
		return join
	}
	return goOnList(name)
}

// bytesOfItem is what an item of a list takes at least.
const bytesOfItem = 16

// goOnList is the guard of functions that go through the list whose methods they are.
func goOnList(name string) guard {
	return func(m *machine, run native, call goja.FunctionCall) goja.Value {
		n := m.items(name, call.This)
		m.cap(name, float64(n), maxArray)
		m.makes(n * bytesOfItem)
		return run(call)
	}
}

// concat adds up what it is to put together.
func concat(m *machine, run native, call goja.FunctionCall) goja.Value {
	total := m.items("concat", call.This)
	for _, arg := range call.Arguments {
		if o, ok := arg.(*goja.Object); ok && (o.ClassName() == "Array" || o.GetSymbol(goja.SymIsConcatSpreadable) != nil) {
			total += m.items("concat", o)
		}
	}
	m.cap("concat", float64(total), maxArray)
	m.makes(total * bytesOfItem)
	return run(call)
}

// join counts the text of the items, which may all be the same long one.
func join(m *machine, run native, call goja.FunctionCall) goja.Value {
	n := m.items("join", call.This)
	m.cap("join", float64(n), maxArray)
	if o, ok := call.This.(*goja.Object); ok && o.ClassName() == "Array" {
		between := 1
		if s, ok := call.Argument(0).(goja.String); ok {
			between = s.Length()
		}
		total := int64(between) * n
		for i := int64(0); i < n && total <= maxString; i++ {
			if s, ok := o.Get(strconv.FormatInt(i, 10)).(goja.String); ok {
				total += int64(s.Length())
			}
		}
		m.cap("the text of join", float64(total), maxString)
		m.makes(total)
	}
	return run(call)
}

// flatten does the work itself: lists in it may contain the same list many times.
func flatten(m *machine, _ native, call goja.FunctionCall) goja.Value {
	levels := int64(1)
	if v := call.Argument(0); !goja.IsUndefined(v) {
		levels = v.ToInteger()
	}
	f := flattener{m: m}
	f.add(call.This.ToObject(m.vm), levels, 0)
	return m.vm.NewArray(f.items...)
}

// flattener collects the items of lists in lists.
type flattener struct {
	m     *machine
	items []any
	seen  int
}

func (f *flattener) add(o *goja.Object, levels int64, depth int) {
	if depth > maxNested {
		panic(f.m.rangeError("flat: nested over " + strconv.Itoa(maxNested) + " levels"))
	}
	n := f.m.items("flat", o)
	f.m.cap("flat", float64(int64(f.seen)+n), maxArray)
	f.seen += int(n) + 1
	for i := range n {
		f.m.mustGoOn()
		item := o.Get(strconv.FormatInt(i, 10))
		if item == nil {
			continue // a hole
		}
		if list, ok := item.(*goja.Object); ok && levels > 0 && list.ClassName() == "Array" {
			f.add(list, levels-1, depth+1)
			continue
		}
		f.items = append(f.items, item)
	}
}

// flatMap counts what the function that it calls answers.
func flatMap(m *machine, run native, call goja.FunctionCall) goja.Value {
	m.capList("flatMap", call.This, maxArray)
	each, err := m.native("flatMap", call.Argument(0))
	if err != nil {
		return run(call) // throws
	}
	total := int64(0)
	counted := m.vm.ToValue(func(args goja.FunctionCall) goja.Value {
		m.mustGoOn()
		v := each(args)
		if o, ok := v.(*goja.Object); ok && o.ClassName() == "Array" {
			total += m.items("flatMap", o)
			m.cap("flatMap", float64(total), maxArray)
		}
		return v
	})
	call.Arguments = []goja.Value{counted, call.Argument(1)}
	return run(call)
}

// manySorted is how many items may be sorted without a look at the call's end.
const manySorted = 1 << 10

// sorted gives long lists a comparison that ends with the call.
func sorted(name string) guard {
	return func(m *machine, run native, call goja.FunctionCall) goja.Value {
		n := m.items(name, call.This)
		m.cap(name, float64(n), maxArray)
		if n <= manySorted {
			return run(call)
		}
		compare := m.byText
		if by := call.Argument(0); !goja.IsUndefined(by) {
			own, err := m.native(name, by)
			if err != nil {
				return run(call) // throws
			}
			compare = own
		}
		call.Arguments = []goja.Value{m.vm.ToValue(func(args goja.FunctionCall) goja.Value {
			m.mustGoOn()
			return compare(args)
		})}
		return run(call)
	}
}

// byText is how lists are sorted by themselves.
func (m *machine) byText(args goja.FunctionCall) goja.Value {
	return m.vm.ToValue(m.text(args.Arguments[0]).CompareTo(m.text(args.Arguments[1])))
}

// from is the guard of Array.from.
func from(m *machine, run native, call goja.FunctionCall) goja.Value {
	o, ok := call.Argument(0).(*goja.Object)
	if !ok {
		return run(call)
	}
	if o.ClassName() == "Array" || o.GetSymbol(goja.SymIterator) == nil {
		m.capList("Array.from", o, maxArray)
		return run(call)
	}
	return iterated(m, run, call)
}

// iterated is the guard of functions whose first argument is iterable.
func iterated(m *machine, run native, call goja.FunctionCall) goja.Value {
	if o, ok := call.Argument(0).(*goja.Object); ok {
		args := append([]goja.Value(nil), call.Arguments...)
		args[0] = m.spreadObject(o)
		call.Arguments = args
	}
	return run(call)
}

// applied is the guard of functions that make arguments of a list; at is the place
// of the list.
func applied(name string, at int) guard {
	return func(m *machine, run native, call goja.FunctionCall) goja.Value {
		if o, ok := call.Argument(at).(*goja.Object); ok {
			m.capList("the arguments of "+name, o, maxArgs)
		}
		return run(call)
	}
}

// keyed is the guard of functions that make something for every key of an object.
func keyed(name string) guard {
	most := maxMade
	if name == "getOwnPropertyDescriptors" || name == "defineProperties" {
		most = maxDescribed
	}
	return func(m *machine, run native, call goja.FunctionCall) goja.Value {
		for _, arg := range call.Arguments {
			m.capKeys(name, arg, most)
		}
		return run(call)
	}
}

// capKeys throws when v is a text or a list with too many items for something to
// be made of each. Other objects have as many keys as the script gave them.
func (m *machine) capKeys(what string, v goja.Value, most int) {
	switch v := v.(type) {
	case goja.String:
		m.cap(what, float64(v.Length()), most)
	case *goja.Object:
		if class := v.ClassName(); class == "Array" || class == "String" || isBinary(v) {
			m.cap(what, v.Get("length").ToFloat(), most)
		}
	}
}

var (
	listNames = strings.Fields(`concat copyWithin every fill filter find findIndex findLast findLastIndex flat flatMap forEach includes indexOf
		join lastIndexOf map reduce reduceRight reverse shift slice some sort splice toLocaleString toReversed toSorted toSpliced toString unshift with`)
	keyNames = strings.Fields(`assign defineProperties entries freeze getOwnPropertyDescriptors getOwnPropertyNames isFrozen isSealed
		keys seal values`)
)
