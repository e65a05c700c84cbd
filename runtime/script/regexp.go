package script

import (
	"regexp/syntax"
	"strconv"
	"strings"
	"time"

	"github.com/dlclark/regexp2/v2"
	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
)

// maxSearch is how long one search with a regular expression may take. The engine
// does not look at a call's deadline meanwhile, so that a search that began in time
// ends this much, and a little more, after the deadline at the latest.
const maxSearch = 25 * time.Millisecond

// checkPeriod is how often a search looks at its time.
const checkPeriod = 5 * time.Millisecond

// LimitRegexps bounds how long one search with a regular expression that needs
// backtracking may take, in every script of the process: 25 ms, whatever the deadline
// of the call. The engine takes a search that ran out of
// time for one that found nothing; the guards of scripts tell them apart and end the
// call with an error that the script cannot catch. It is called before the first
// script is loaded, and not again.
func LimitRegexps() {
	regexp2.SetTimeoutCheckPeriod(checkPeriod)
	regexp2.DefaultMatchTimeout = maxSearch
}

// maxSteps is how many characters, times the size of the regular expression, a search
// goes through that does not backtrack: it takes time in proportion to that, and
// nothing can stop it.
const maxSteps = 1 << 22

// fewCharacters is how long a text is of which no search without backtracking takes
// long.
const fewCharacters = 1 << 11

// regexps are what guards keep of the engine's regular expressions.
type regexps struct {
	exec, source, flags native
	build               goja.Constructor
	sizes               map[string]int          // of expressions, by their text
	splitters           map[string]*goja.Object // by text and flags
}

// maxKept is how many entries the maps of regexps have.
const maxKept = 256

// guardRegexps guards every way to a search. All but split come down to exec, since
// it is not the engine's own any more.
func (m *machine) guardRegexps() error {
	proto := m.global("RegExp.prototype")
	r := &m.regexps
	r.sizes, r.splitters = map[string]int{}, map[string]*goja.Object{}
	r.build, _ = goja.AssertConstructor(m.vm.Get("RegExp"))
	for _, getter := range []struct {
		name string
		to   *native
	}{{"source", &r.source}, {"flags", &r.flags}} {
		property := m.descriptor(goja.FunctionCall{Arguments: []goja.Value{proto, m.vm.ToValue(getter.name)}}).(*goja.Object)
		var err error
		if *getter.to, err = m.native(getter.name, property.Get("get")); err != nil {
			return err
		}
	}
	var err error
	if r.exec, err = m.native("exec", proto.Get("exec")); err != nil {
		return err
	}
	for _, symbol := range []*goja.Symbol{goja.SymMatch, goja.SymMatchAll, goja.SymReplace, goja.SymSearch, goja.SymSplit} {
		run, err := m.native(symbol.String(), proto.GetSymbol(symbol))
		if err != nil {
			return err
		}
		g := goOn
		switch symbol {
		case goja.SymReplace:
			g = replaceMatches
		case goja.SymSplit:
			g = splitAtMatches
		}
		f := m.guardedFunction("["+symbol.String()+"]", proto.GetSymbol(symbol).(*goja.Object).Get("length"), run, g)
		if err := proto.DefineDataPropertySymbol(symbol, f, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
			return err
		}
	}
	return m.guardAll(proto, guardedNames{"RegExp.prototype", []string{"exec", "test", "compile", "toString"}, func(name string) guard {
		switch name {
		case "compile":
			return compilePattern
		case "toString":
			return goOn
		}
		return search
	}})
}

// search is the guard of exec and test.
func search(m *machine, run native, call goja.FunctionCall) goja.Value {
	text, ok := call.Argument(0).(goja.String)
	if !ok {
		text = m.text(call.Argument(0))
		call.Arguments = []goja.Value{text}
	}
	o, ok := call.This.(*goja.Object)
	if !ok || o.ClassName() != "RegExp" {
		return run(call) // throws
	}
	if text.Length() > fewCharacters {
		m.cap("a search in a text", float64(text.Length()), maxScanned)
		m.cap("a search in a text of "+strconv.Itoa(text.Length())+", in characters times the size of the regular expression,",
			float64(text.Length())*float64(m.regexpSize(o)), maxSteps)
	}
	at := o.Get("lastIndex")
	began := time.Now()
	v := run(call)
	if (goja.IsNull(v) || v == falseValue) && time.Since(began) > certain && (m.regexpSize(o) == 0 || at.ToInteger() > 0) {
		return m.searchAgain(run, call, at)
	}
	return v
}

// certain is how long a search at most takes whose time cannot have run out. The
// engine's clock may be late, and be wrong by as much.
const certain = 50 * time.Microsecond

// searchAgain repeats a search that found nothing, which may mean that its time ran
// out: if that is so again, it is not for what else the computer does.
func (m *machine) searchAgain(run native, call goja.FunctionCall, at goja.Value) goja.Value {
	m.mustGoOn()
	if err := call.This.(*goja.Object).Set("lastIndex", at); err != nil {
		panic(err)
	}
	began := time.Now()
	v := run(call)
	if limit := regexp2.DefaultMatchTimeout; (goja.IsNull(v) || v == falseValue) && time.Since(began) >= limit-checkPeriod {
		m.fail(&exceeded{"a regular expression searched for over " + limit.String() + ": it tries too many ways to match"})
	}
	return v
}

// compilePattern is the guard of compile.
func compilePattern(m *machine, run native, call goja.FunctionCall) goja.Value {
	m.capPattern(call.Arguments)
	return run(call)
}

// capPattern throws when the first argument is too long for a regular expression.
func (m *machine) capPattern(args []goja.Value) {
	if len(args) > 0 {
		m.cap("a regular expression", float64(textLength(args[0])), maxPattern)
	}
}

// regexpSize is how large a regular expression is that needs no backtracking, 0 for
// one that does.
func (m *machine) regexpSize(o *goja.Object) int {
	source := m.regexps.source(goja.FunctionCall{This: o}).String()
	size, ok := m.regexps.sizes[source]
	if !ok {
		if translated, err := parser.TransformRegExp(source, false, false); err == nil {
			if tree, err := syntax.Parse(translated, syntax.Perl); err == nil {
				if p, err := syntax.Compile(tree.Simplify()); err == nil {
					size = len(p.Inst)
				}
			}
		}
		if len(m.regexps.sizes) >= maxKept {
			clear(m.regexps.sizes)
		}
		m.regexps.sizes[source] = size
	}
	return size
}

// replaceMatches is the guard of the way of replace to a regular expression.
func replaceMatches(m *machine, run native, call goja.FunctionCall) goja.Value {
	text := m.text(call.Argument(0))
	m.cap("replace in a text", float64(textLength(text)), maxScanned)
	call.Arguments = []goja.Value{text, call.Argument(1)}
	call.Arguments = []goja.Value{text, m.countReplaced(goja.FunctionCall{This: text, Arguments: call.Arguments}).Argument(1)}
	return run(call)
}

// splitAtMatches does the work itself: the engine's own way asks exec at every
// character of the text.
func splitAtMatches(m *machine, run native, call goja.FunctionCall) goja.Value {
	o, ok := call.This.(*goja.Object)
	if !ok || o.ClassName() != "RegExp" {
		return run(call)
	}
	text := m.text(call.Argument(0))
	limit := uint32(1<<32 - 1)
	if v := call.Argument(1); !goja.IsUndefined(v) {
		limit = uint32(v.ToInteger())
	}
	var parts []any
	add := func(v any) bool {
		parts = append(parts, v)
		return uint32(len(parts)) >= limit
	}
	result := func() goja.Value { return m.vm.NewArray(parts...) }
	if limit == 0 {
		return result()
	}
	splitter := m.splitter(o)
	next := func(from int) *goja.Object {
		m.mustGoOn()
		_ = splitter.Set("lastIndex", from)
		found, _ := search(m, m.regexps.exec, goja.FunctionCall{This: splitter, Arguments: []goja.Value{text}}).(*goja.Object)
		return found
	}
	size := text.Length()
	if size == 0 {
		if next(0) == nil {
			add(text)
		}
		return result()
	}
	begun := 0 // the part
	for from := 0; from < size; {
		found := next(from)
		if found == nil {
			break
		}
		at, end := int(found.Get("index").ToInteger()), int(splitter.Get("lastIndex").ToInteger())
		if at >= size {
			break
		}
		if end == begun {
			from = max(from, at) + 1 // nothing was found in front of the part
			continue
		}
		if add(text.Substring(begun, at)) {
			return result()
		}
		for i := int64(1); i < found.Get("length").ToInteger(); i++ {
			if add(found.Get(strconv.FormatInt(i, 10))) {
				return result()
			}
		}
		if begun, from = end, end; end == at {
			from++ // an empty match
		}
	}
	add(text.Substring(begun, size))
	return result()
}

// splitter is a regular expression like o that finds one match after another.
func (m *machine) splitter(o *goja.Object) *goja.Object {
	source := m.regexps.source(goja.FunctionCall{This: o})
	flags := strings.NewReplacer("g", "", "y", "").Replace(m.regexps.flags(goja.FunctionCall{This: o}).String()) + "g"
	key := flags + "/" + source.String()
	if s := m.regexps.splitters[key]; s != nil {
		return s
	}
	s, err := m.regexps.build(nil, source, m.vm.ToValue(flags))
	if err != nil {
		panic(err)
	}
	if len(m.regexps.splitters) >= maxKept {
		clear(m.regexps.splitters)
	}
	m.regexps.splitters[key] = s
	return s
}
