package script

import (
	"strings"

	"github.com/dop251/goja"
)

// textGuard is the guard of a method of texts.
func textGuard(name string) guard {
	switch name {
	case "repeat":
		return repeat
	case "padStart", "padEnd":
		return padded(name)
	case "concat":
		return concatText
	case "split":
		return split
	case "replace", "replaceAll":
		return replaced(name)
	case "normalize", "localeCompare":
		return scanned(name, maxSlow)
	case "match", "matchAll", "search":
		return func(m *machine, run native, call goja.FunctionCall) goja.Value {
			m.cap(name+" in a text", float64(textLength(call.This)), maxScanned)
			m.capPattern(call.Arguments)
			return run(call)
		}
	}
	return scanned(name, maxScanned)
}

// textLength is the length of a text, 0 for all else.
func textLength(v goja.Value) int {
	if s, ok := v.(goja.String); ok {
		return s.Length()
	}
	return 0
}

// scanned is the guard of functions that go through their texts.
func scanned(name string, most int) guard {
	return func(m *machine, run native, call goja.FunctionCall) goja.Value {
		call = asText(call)
		m.cap(name+" of a text", float64(textLength(call.This)), most)
		for _, arg := range call.Arguments {
			m.cap(name+" of a text", float64(textLength(arg)), most)
		}
		return run(call)
	}
}

func repeat(m *machine, run native, call goja.FunctionCall) goja.Value {
	call = asText(call)
	wanted := max(1, float64(textLength(call.This))) * call.Argument(0).ToFloat()
	m.cap("repeat", wanted, maxString)
	m.makes(bytesOf(wanted))
	return run(call)
}

func padded(name string) guard {
	return func(m *machine, run native, call goja.FunctionCall) goja.Value {
		call = asText(call)
		wanted := call.Argument(0).ToFloat()
		m.cap(name, wanted, maxString)
		m.makes(bytesOf(wanted))
		return run(call)
	}
}

func concatText(m *machine, run native, call goja.FunctionCall) goja.Value {
	call = asText(call)
	total := textLength(call.This)
	for _, arg := range call.Arguments {
		total += textLength(arg)
	}
	m.cap("concat", float64(total), maxString)
	m.makes(int64(total))
	return run(call)
}

// split counts what it would make. Regular expressions have a guard of their own.
func split(m *machine, run native, call goja.FunctionCall) goja.Value {
	separator := call.Argument(0)
	if isObject(separator) && separator.(*goja.Object).GetSymbol(goja.SymSplit) != nil {
		m.cap("split of a text", float64(textLength(call.This)), maxScanned)
		return run(call)
	}
	call = asText(call)
	m.cap("split of a text", float64(textLength(call.This)), maxScanned)
	if textLength(call.This) > maxMade && !goja.IsUndefined(separator) {
		m.cap("split", float64(count(call.This, call.Argument(0))), maxMade)
	}
	return run(call)
}

// count is how often a text contains another.
func count(text, part goja.Value) int {
	if textLength(part) == 0 && isText(part) {
		return textLength(text) + 1
	}
	return strings.Count(text.String(), part.String())
}

// replaced puts a function in the place of the text that is to be put in, which
// counts what comes of it.
func replaced(name string) guard {
	return func(m *machine, run native, call goja.FunctionCall) goja.Value {
		if o, ok := call.Argument(0).(*goja.Object); ok && o.GetSymbol(goja.SymReplace) != nil {
			m.cap(name+" in a text", float64(textLength(call.This)), maxScanned)
			return run(call)
		}
		if isObject(call.This) {
			call.This = call.This.ToString()
		}
		m.cap(name+" in a text", float64(textLength(call.This)), maxScanned)
		if len(call.Arguments) > 0 {
			part := m.text(call.Arguments[0])
			if name == "replaceAll" && textLength(call.This) > maxMade {
				m.cap("replaceAll", float64(count(call.This, part)), maxMade)
			}
			call.Arguments = append([]goja.Value{part}, call.Arguments[1:]...)
		}
		return run(m.countReplaced(call))
	}
}

// countReplaced gives a replacing function, whose second argument says by what, the
// same as a function, unless it is one.
func (m *machine) countReplaced(call goja.FunctionCall) goja.FunctionCall {
	by := call.Argument(1)
	if _, ok := goja.AssertFunction(by); ok {
		return call
	}
	template := m.text(by)
	total := textLength(call.This)
	m.cap("the text of replace", float64(template.Length()), maxString)
	f := func(args goja.FunctionCall) goja.Value {
		m.mustGoOn()
		s := m.substitute(template, args.Arguments, func(n int) {
			total += n
			m.cap("the text of replace", float64(total), maxString)
		})
		return s
	}
	call.Arguments = []goja.Value{call.Argument(0), m.vm.ToValue(f)}
	return call
}

// substitute is what a template of replace comes to. The arguments are those that a
// function would be given: the match, its groups, its place, the text and the named
// groups if there are any. It calls adds before it adds text.
func (m *machine) substitute(template goja.String, args []goja.Value, adds func(n int)) goja.Value {
	n := template.Length()
	var named *goja.Object
	if o, ok := args[len(args)-1].(*goja.Object); ok {
		named, args = o, args[:len(args)-1]
	}
	text, place, groups := args[len(args)-1].(goja.String), int(args[len(args)-2].ToInteger()), args[:len(args)-2]
	var b goja.StringBuilder
	add := func(s goja.String) {
		adds(s.Length())
		b.WriteString(s)
	}
	for i := 0; i < n; {
		if c := template.CharAt(i); c != '$' || i == n-1 {
			from := i
			for i++; i < n && template.CharAt(i) != '$'; i++ {
			}
			add(template.Substring(from, i))
			continue
		}
		used := 2
		switch c := template.CharAt(i + 1); {
		case c == '$':
			add(template.Substring(i, i+1))
		case c == '&':
			add(m.text(groups[0]))
		case c == '`':
			add(text.Substring(0, place))
		case c == '\'':
			if end := place + textLength(groups[0]); end < text.Length() {
				add(text.Substring(end, text.Length()))
			}
		case c == '<' && named != nil:
			end := i + 2
			for end < n && template.CharAt(end) != '>' {
				end++
			}
			if end == n {
				add(template.Substring(i, i+2))
				break
			}
			used = end + 1 - i
			if v := named.Get(template.Substring(i+2, end).String()); v != nil && !goja.IsUndefined(v) {
				add(m.text(v))
			}
		default:
			group, digits := groupAt(template, i+1, len(groups))
			if digits == 0 {
				add(template.Substring(i, i+2))
				break
			}
			used = 1 + digits
			if v := groups[group]; !goja.IsUndefined(v) {
				add(m.text(v))
			}
		}
		i += used
	}
	return b.String()
}

// groupAt reads the number of a group, of one or two digits, below limit.
func groupAt(template goja.String, at, limit int) (group, digits int) {
	for i := at; i < min(at+2, template.Length()); i++ {
		c := template.CharAt(i)
		if c < '0' || c > '9' || group*10+int(c-'0') >= limit {
			break
		}
		group, digits = group*10+int(c-'0'), digits+1
	}
	if group == 0 {
		return 0, 0
	}
	return group, digits
}

// textNames are the methods of texts that go through all of a text.
var textNames = strings.Fields(`concat endsWith includes indexOf lastIndexOf localeCompare match matchAll normalize padEnd padStart repeat replace
	replaceAll search split startsWith toLocaleLowerCase toLocaleUpperCase toLowerCase toUpperCase trim trimEnd trimLeft trimRight trimStart`)
