package script

import (
	"strings"

	"github.com/dop251/goja"
)

// allGuards are the built-in functions that have guards, beside the iterators,
// regular expressions and constructors.
var allGuards = []guardedNames{
	{"Array.prototype", listNames, listGuard},
	{"Array", []string{"from"}, plainly(from)},
	{"Array", []string{"of"}, plainly(goOn)},
	{"String.prototype", textNames, textGuard},
	{"String.prototype", strings.Fields("at charAt charCodeAt codePointAt slice substr substring"), plainly(goOn)},
	{"String", []string{"raw"}, plainly(raw)},
	{"String", strings.Fields("fromCharCode fromCodePoint"), plainly(goOn)},
	{"JSON", strings.Fields("parse stringify rawJSON"), jsonGuard},
	{"Object", keyNames, keyed},
	{"Object", strings.Fields("create defineProperty getOwnPropertyDescriptor getPrototypeOf setPrototypeOf"), plainly(goOn)},
	{"Object", []string{"fromEntries"}, plainly(iterated)},
	{"Object.prototype", strings.Fields("toLocaleString toString"), plainly(goOn)},
	{"Promise", strings.Fields("all allSettled any race"), plainly(iterated)},
	{"Error.prototype", []string{"toString"}, plainly(goOn)},
	{"Date.prototype", []string{"toJSON"}, plainly(goOn)},
	{"Reflect", []string{"ownKeys"}, keyed},
	{"Reflect", []string{"apply"}, plainly(applied("Reflect.apply", 2))},
	{"Reflect", []string{"construct"}, plainly(applied("Reflect.construct", 1))},
	{"Function.prototype", []string{"apply"}, plainly(applied("apply", 1))},
	{"Function.prototype", strings.Fields("bind call toString"), plainly(goOn)},
	{"Map.prototype", strings.Fields("forEach set"), plainly(goOn)},
	{"Set.prototype", strings.Fields("add difference forEach intersection isDisjointFrom isSubsetOf isSupersetOf symmetricDifference union"), plainly(goOn)},
	{"globalThis", strings.Fields("decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape"), func(name string) guard { return scanned(name, maxScanned) }},
	{"globalThis", strings.Fields("parseFloat parseInt"), func(name string) guard { return scanned(name, maxSlow) }},
}

// raw is the guard of String.raw.
func raw(m *machine, run native, call goja.FunctionCall) goja.Value {
	if o, ok := call.Argument(0).(*goja.Object); ok {
		m.capList("String.raw", o.Get("raw"), maxMade)
	}
	return run(call)
}
