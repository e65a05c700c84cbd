package script

import (
	"strings"

	"github.com/dop251/goja"
)

// buffers are the classes of binary data, with the bytes of an item.
var buffers = []struct {
	name  string
	width int
}{
	{"ArrayBuffer", 1}, {"Int8Array", 1}, {"Uint8Array", 1}, {"Uint8ClampedArray", 1}, {"Int16Array", 2}, {"Uint16Array", 2},
	{"Int32Array", 4}, {"Uint32Array", 4}, {"Float32Array", 4}, {"Float64Array", 8},
}

// binaryNames are the methods of typed arrays that are guarded.
var binaryNames = strings.Fields(`copyWithin every fill filter find findIndex findLast findLastIndex forEach includes indexOf join lastIndexOf map
	reduce reduceRight reverse set slice some sort toLocaleString toReversed toSorted toString with`)

// guardConstructors puts guards in front of the constructors of what takes memory, or
// time, when it is made.
func (m *machine) guardConstructors() error {
	abstract := m.vm.Get("Uint8Array").(*goja.Object).Prototype()
	if err := m.guardAll(abstract.Get("prototype").(*goja.Object), guardedNames{"typed array", binaryNames, binaryGuard}); err != nil {
		return err
	}
	if err := m.guardAll(abstract, guardedNames{"typed array", []string{"from", "of"}, plainly(from)}); err != nil {
		return err
	}
	for _, b := range buffers {
		proto := abstract
		if b.name == "ArrayBuffer" {
			proto = nil
		}
		if err := m.guardConstructor(b.name, proto, func(args []goja.Value) []goja.Value { return m.capBuffer(b.name, b.width, args) }); err != nil {
			return err
		}
	}
	for _, name := range []string{"Map", "Set", "WeakMap", "WeakSet"} {
		if err := m.guardConstructor(name, nil, m.iterable); err != nil {
			return err
		}
	}
	return m.guardConstructor("RegExp", nil, func(args []goja.Value) []goja.Value {
		m.capPattern(args)
		return args
	})
}

// iterable makes the first argument one that ends with the call.
func (m *machine) iterable(args []goja.Value) []goja.Value {
	if len(args) == 0 {
		return nil
	}
	if o, ok := args[0].(*goja.Object); ok {
		return []goja.Value{m.spreadObject(o)}
	}
	return args[:1]
}

// capBuffer throws when a buffer would be too large. Its items may come from a list.
func (m *machine) capBuffer(name string, width int, args []goja.Value) []goja.Value {
	if len(args) == 0 {
		return args
	}
	if name == "ArrayBuffer" && isObject(args[0]) {
		args = []goja.Value{args[0].ToNumber()}
	}
	if o, ok := args[0].(*goja.Object); ok {
		if o.ClassName() != "ArrayBuffer" && (o.GetSymbol(goja.SymIterator) == nil || o.ClassName() == "Array" || isBinary(o)) {
			bytes := m.items(name, o) * int64(width)
			m.cap(name, float64(bytes), maxBytes)
			m.makes(bytes)
		} else if o.ClassName() != "ArrayBuffer" {
			args = m.iterable(args)
		}
		return args
	}
	bytes := args[0].ToFloat() * float64(width)
	m.cap(name, bytes, maxBytes)
	m.makes(bytesOf(bytes))
	return args
}

// guardConstructor puts another constructor in the place of a built-in one, which
// looks at the arguments first, or makes others of them.
func (m *machine) guardConstructor(name string, proto *goja.Object, check func(args []goja.Value) []goja.Value) error {
	own := m.vm.Get(name).(*goja.Object)
	build, ok := goja.AssertConstructor(own)
	if !ok {
		return errMissing(name)
	}
	var guarding *goja.Object
	guarding = m.vm.ToValue(func(call goja.ConstructorCall) *goja.Object {
		m.mustGoOn()
		args := check(call.Arguments)
		target := call.NewTarget
		if target == nil || target == guarding {
			target = own
		}
		o, err := build(target, args...)
		if err != nil {
			panic(err)
		}
		return o
	}).(*goja.Object)
	if proto != nil {
		if err := guarding.SetPrototype(proto); err != nil {
			return err
		}
	}
	kept := own.Get("prototype").(*goja.Object)
	for _, key := range own.GetOwnPropertyNames() {
		if key == "prototype" {
			continue
		}
		v := own.Get(key)
		if err := guarding.DefineDataProperty(key, v, goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
			return err
		}
	}
	if err := guarding.DefineDataProperty("prototype", kept, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE); err != nil {
		return err
	}
	species := m.vm.ToValue(func(call goja.FunctionCall) goja.Value { return call.This })
	if err := guarding.DefineAccessorPropertySymbol(goja.SymSpecies, species, nil, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
		return err
	}
	if err := kept.DefineDataProperty("constructor", guarding, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
		return err
	}
	return m.vm.GlobalObject().DefineDataProperty(name, guarding, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
}

// binaryGuard is the guard of a method of typed arrays, which are as long as their
// buffers may be.
func binaryGuard(name string) guard {
	switch name {
	case "set":
		return func(m *machine, run native, call goja.FunctionCall) goja.Value {
			if isObject(call.Argument(0)) {
				m.capList("set", call.Argument(0), maxBytes)
			}
			return run(call)
		}
	case "sort", "toSorted":
		return func(m *machine, run native, call goja.FunctionCall) goja.Value {
			if compare, err := m.native(name, call.Argument(0)); err == nil {
				call.Arguments = []goja.Value{m.vm.ToValue(func(args goja.FunctionCall) goja.Value {
					m.mustGoOn()
					return compare(args)
				})}
			}
			return run(call)
		}
	case "join", "toString", "toLocaleString":
		return goOnList(name)
	}
	return goOn
}
