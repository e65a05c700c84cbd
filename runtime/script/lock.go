package script

import (
	_ "embed"
	"sync"

	"github.com/dop251/goja"
)

// preludeName is what stacks call the prelude.
const preludeName = "muster:prelude"

//go:embed prelude.js
var preludeSource string

// prelude is compiled once: a program is free of any machine.
var prelude = sync.OnceValue(func() *goja.Program { return goja.MustCompile(preludeName, preludeSource, true) })

// unavailable are the globals that hooks do not have, and why.
var unavailable = map[string]string{
	"BigInt":         "its numbers may be of any size: use numbers, or text",
	"BigInt64Array":  "its numbers may be of any size: use numbers, or text",
	"BigUint64Array": "its numbers may be of any size: use numbers, or text",
	"Proxy":          "answers must be plain data",
	"require":        "use import",
	"process":        "they run inside the server and see none of its environment",
	"fetch":          "use ctx.fetch",
	"setInterval":    "use setTimeout",
	"localStorage":   "use ctx.storage",
	"Buffer":         "use Uint8Array",
	"document":       "they run inside the server",
	"window":         "they run inside the server",
}

// lock makes the globals of a machine: what the platform gives is added, what
// scripts must not have is taken away, before any of their code runs.
func (m *machine) lock() error {
	vm := m.vm
	m.newError = vm.Get("Error").(*goja.Object)
	m.json, _ = goja.AssertFunction(vm.Get("JSON").(*goja.Object).Get("parse"))
	globals := map[string]goja.Value{
		"console":        vm.NewDynamicObject(&functions{m, "console", consoleNames, consoleFunction}),
		"setTimeout":     m.function("setTimeout", (*call).setTimeout),
		"clearTimeout":   m.function("clearTimeout", (*call).clearTimeout),
		"queueMicrotask": m.function("queueMicrotask", (*call).queueMicrotask),
	}
	for name, value := range globals {
		if err := vm.GlobalObject().DefineDataProperty(name, value, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
			return err
		}
	}
	m.lengthKey, m.iterator = vm.ToValue("length"), vm.NewArray().GetSymbol(goja.SymIterator)
	var err error
	if m.descriptor, err = m.native("getOwnPropertyDescriptor", m.global("Object").Get("getOwnPropertyDescriptor")); err != nil {
		return err
	}
	if err := m.guardBuiltins(); err != nil {
		return err
	}
	nothing, err := vm.RunProgram(prelude())
	if err != nil {
		return err
	}
	m.nothing, _ = goja.AssertFunction(nothing)
	for name, f := range map[string]native{spreadName: m.spread, twiceName: m.twice} {
		if err := vm.GlobalObject().DefineDataProperty(name, vm.ToValue(f), goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE); err != nil {
			return err
		}
	}
	return nil
}

// queueMicrotask is the function of that name.
func (c *call) queueMicrotask(args goja.FunctionCall) goja.Value {
	f, ok := goja.AssertFunction(args.Argument(0))
	if !ok {
		panic(c.machine.vm.NewTypeError("queueMicrotask needs a function"))
	}
	promise, resolve, _ := c.machine.vm.NewPromise()
	then, _ := goja.AssertFunction(c.machine.vm.ToValue(promise).(*goja.Object).Get("then"))
	if _, err := then(c.machine.vm.ToValue(promise), c.machine.vm.ToValue(func(goja.FunctionCall) goja.Value {
		if _, err := f(goja.Undefined()); err != nil {
			panic(err)
		}
		return goja.Undefined()
	})); err != nil {
		panic(err)
	}
	if err := resolve(goja.Undefined()); err != nil {
		panic(err)
	}
	return goja.Undefined()
}

// parse reads JSON that did not come from the script.
func (m *machine) parse(data []byte) goja.Value {
	if deep(data) {
		panic(m.vm.NewTypeError("JSON nested over %d levels", maxParsed))
	}
	v, err := m.json(goja.Undefined(), m.vm.ToValue(string(data)))
	if err != nil {
		panic(err)
	}
	return v
}

// maxParsed is how deep JSON may nest that a script reads: the engine's parser is
// recursive.
const maxParsed = 256

// deep reports whether JSON nests over maxParsed levels.
func deep[T []byte | string](data T) bool {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch b := data[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '[' || b == '{':
			if depth++; depth > maxParsed {
				return true
			}
		case b == ']' || b == '}':
			depth--
		}
	}
	return false
}
