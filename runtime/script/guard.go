package script

import (
	"fmt"

	"github.com/dop251/goja"
)

// Built-in functions do not heed the interrupt that ends a call: only code of the
// script does. So guards stand in front of them. A guard ends a call that was
// stopped, which also ends loops inside of the engine that come back to a guard, and
// refuses what would keep the engine busy, or fill its memory, out of proportion to
// what the script did. The functions behind guards are kept where no script finds
// them.

// native is a built-in function without its guard.
type native = func(goja.FunctionCall) goja.Value

// guard does the work of a built-in function, mostly by calling it after a look at
// what it is given.
type guard func(m *machine, run native, call goja.FunctionCall) goja.Value

// guardedNames are the built-in functions of one object that have guards.
type guardedNames struct {
	owner string // as the script would write it
	names []string
	by    func(name string) guard
}

// guardBuiltins puts the guards in front of the built-in functions.
func (m *machine) guardBuiltins() error {
	for _, g := range allGuards {
		if err := m.guardAll(m.global(g.owner), g); err != nil {
			return err
		}
	}
	if err := m.guardIterators(); err != nil {
		return err
	}
	if err := m.guardRegexps(); err != nil {
		return err
	}
	return m.guardConstructors()
}

// guardAll guards functions of one object.
func (m *machine) guardAll(owner *goja.Object, g guardedNames) error {
	for _, name := range g.names {
		own := owner.Get(name)
		run, err := m.native(g.owner+"."+name, own)
		if err != nil {
			return err
		}
		f := m.guardedFunction(name, own.(*goja.Object).Get("length"), run, g.by(name))
		if err := owner.DefineDataProperty(name, f, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
			return err
		}
	}
	return nil
}

// native is the function behind v.
func (m *machine) native(name string, v goja.Value) (native, error) {
	if o, ok := v.(*goja.Object); ok {
		if run, ok := o.Export().(native); ok {
			return run, nil
		}
	}
	return nil, errMissing(name)
}

func errMissing(name string) error { return fmt.Errorf("the engine has no %s", name) }

// guardedFunction is a function that looks like the built-in one.
func (m *machine) guardedFunction(name string, length goja.Value, run native, g guard) *goja.Object {
	return m.like(name, length, func(call goja.FunctionCall) goja.Value {
		m.mustGoOn()
		m.enter(name)
		defer m.leave()
		return g(m, run, call)
	})
}

// like makes a function that looks like a built-in one.
func (m *machine) like(name string, length goja.Value, f native) *goja.Object {
	o := m.vm.ToValue(f).(*goja.Object)
	_ = o.DefineDataProperty("name", m.vm.ToValue(name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	_ = o.DefineDataProperty("length", length, goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	return o
}

// guardIterators guards what goes through lists, texts, maps and sets, so that an
// endless way through one ends with its call. Scripts cannot put anything else in
// their place.
func (m *machine) guardIterators() error {
	for _, made := range []struct {
		from   goja.Value
		method *goja.Symbol
	}{
		{m.vm.NewArray(), goja.SymIterator},
		{m.vm.ToValue("").ToObject(m.vm), goja.SymIterator},
		{m.construct("Map"), goja.SymIterator},
		{m.construct("Set"), goja.SymIterator},
		{m.construct("RegExp"), goja.SymMatchAll},
	} {
		make, err := m.native("iterator", made.from.(*goja.Object).GetSymbol(made.method))
		if err != nil {
			return err
		}
		iterator := make(goja.FunctionCall{This: made.from}).(*goja.Object).Prototype()
		next := iterator.Get("next")
		run, err := m.native("next", next)
		if err != nil {
			return err
		}
		f := m.like("next", m.vm.ToValue(0), func(call goja.FunctionCall) goja.Value {
			m.mustGoOn() // and no more: it is called for every item
			return run(call)
		})
		if err := iterator.DefineDataProperty("next", f, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE); err != nil {
			return err
		}
	}
	return nil
}

// construct makes an object of a built-in class.
func (m *machine) construct(class string) goja.Value {
	o, err := m.vm.New(m.vm.Get(class))
	if err != nil {
		panic(err)
	}
	return o
}

// goOn is the guard of functions that need nothing but to end with the call.
func goOn(_ *machine, run native, call goja.FunctionCall) goja.Value { return run(call) }

// plainly gives every name the same guard.
func plainly(g guard) func(string) guard { return func(string) guard { return g } }

// mustGoOn ends a call that was stopped.
func (m *machine) mustGoOn() {
	if m.stopping.Load() {
		m.abort()
	}
}

// abort ends the call that was stopped, from within a built-in function.
func (m *machine) abort() {
	if _, err := m.nothing(goja.Undefined()); err != nil {
		panic(err) // the interrupt, which no script can catch
	}
}

// fail stops the call under way, from within a built-in function.
func (m *machine) fail(cause error) {
	m.stop(cause)
	m.abort()
}

// enter counts guards within guards: functions of the engine that call one another, or
// themselves, without any code of the script between them.
func (m *machine) enter(what string) {
	if m.depth >= maxNested {
		panic(m.rangeError(fmt.Sprintf("%s: nested over %d levels", what, maxNested)))
	}
	m.depth++
}

func (m *machine) leave() { m.depth-- }
