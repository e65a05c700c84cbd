package script

import (
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
	"google.golang.org/protobuf/types/known/structpb"
)

// The two booleans, which every machine shares.
var (
	trueValue  = goja.New().ToValue(true)
	falseValue = goja.New().ToValue(false)
)

// json reads a value that stands for itself: all that JSON.stringify would write,
// with errors where that would silently leave something out.
func (d *decoder) json(v goja.Value) (*structpb.Value, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	defer d.leave()
	switch {
	case v == trueValue || v == falseValue:
		return structpb.NewBoolValue(v == trueValue), nil
	case v == nil || goja.IsNull(v):
		return structpb.NewNullValue(), nil
	case goja.IsNumber(v):
		n := v.ToFloat()
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return nil, d.failf("JSON cannot hold %v", v)
		}
		return structpb.NewNumberValue(n), nil
	case goja.IsString(v):
		text, err := d.string(v)
		return structpb.NewStringValue(text), err
	}
	o, ok := v.(*goja.Object)
	if !ok {
		return nil, d.failf("JSON cannot hold %s", describe(v))
	}
	if text, ok := o.Get("toJSON").(*goja.Object); ok {
		return d.viaToJSON(o, text)
	}
	switch class := className(o); class {
	case "Array":
		return d.jsonList(o)
	case "":
		return d.jsonObject(o)
	case "String", "Number", "Boolean":
		return d.json(primitive(o, class))
	default:
		return nil, d.failf("JSON cannot hold %s%s", describe(v), hints[class])
	}
}

// hints say what to do about objects that JSON cannot hold.
var hints = map[string]string{
	"Map":     ": use Object.fromEntries(map)",
	"Set":     ": use [...set]",
	"Promise": ": await it",
	"Error":   ": use String(error)",
}

// viaToJSON asks an object for its own JSON, as a Date has.
func (d *decoder) viaToJSON(o, method *goja.Object) (*structpb.Value, error) {
	call, ok := goja.AssertFunction(method)
	if !ok {
		return d.jsonObject(o)
	}
	v, err := call(o)
	if err != nil {
		return nil, err
	}
	if goja.IsUndefined(v) {
		return structpb.NewNullValue(), nil
	}
	if again, ok := v.(*goja.Object); ok && again.Get("toJSON") != nil && !goja.IsUndefined(again.Get("toJSON")) {
		return nil, d.failf("toJSON answered an object that has a toJSON")
	}
	return d.json(v)
}

func (d *decoder) jsonList(o *goja.Object) (*structpb.Value, error) {
	_, length, err := d.array(o)
	if err != nil {
		return nil, err
	}
	items := &structpb.ListValue{Values: make([]*structpb.Value, length)}
	for i := range items.Values {
		item := o.Get(strconv.Itoa(i))
		if item != nil && goja.IsUndefined(item) {
			item = goja.Null()
		}
		d.item(i)
		if items.Values[i], err = d.json(item); err != nil {
			return nil, err
		}
		d.pop()
	}
	return structpb.NewListValue(items), nil
}

func (d *decoder) jsonObject(o *goja.Object) (*structpb.Value, error) {
	keys := o.Keys()
	fields := make(map[string]*structpb.Value, len(keys))
	for _, key := range keys {
		value := o.Get(key)
		if value == nil || goja.IsUndefined(value) {
			continue
		}
		d.push(key)
		if d.text += len(key); d.text > maxText {
			return nil, d.failf("more than %d bytes", maxText)
		}
		converted, err := d.json(value)
		if err != nil {
			return nil, err
		}
		fields[key] = converted
		d.pop()
	}
	return structpb.NewStructValue(&structpb.Struct{Fields: fields}), nil
}

func primitive(o *goja.Object, class string) goja.Value {
	switch class {
	case "String":
		return o.ToString()
	case "Number":
		return o.ToNumber()
	}
	if o.Export() == true {
		return trueValue
	}
	return falseValue
}

// The types by which goja tells built-in objects apart.
var (
	messageType = reflect.TypeFor[*message]()
	mappingType = reflect.TypeFor[*mapping]()
	storageType = reflect.TypeFor[*storageObject]()
	promiseType = reflect.TypeFor[*goja.Promise]()
	plainType   = reflect.TypeFor[map[string]any]()
	classTypes  = map[reflect.Type]string{
		promiseType:                 "Promise",
		reflect.TypeFor[[][2]any](): "Map",
		reflect.TypeFor[[]any]():    "Set",
	}
)

// className is the class of an object that is not simply a set of keys; empty for
// one that is.
func className(o *goja.Object) string {
	t := o.ExportType()
	if t == messageType || t == mappingType {
		return ""
	}
	class := o.ClassName()
	switch {
	case t.Kind() == reflect.Func:
		return "function"
	case t == plainType && (class == "Object" || class == "Arguments"):
		return ""
	case class != "Object":
		return class
	case classTypes[t] != "":
		return classTypes[t]
	}
	return "binary buffer"
}

// describe names a value for an error.
func describe(v goja.Value) string {
	switch {
	case v == nil || goja.IsUndefined(v):
		return "missing"
	case goja.IsNull(v):
		return "null"
	case v == trueValue || v == falseValue:
		return v.String()
	case goja.IsNumber(v):
		return "the number " + v.String()
	case goja.IsBigInt(v):
		return "a BigInt"
	}
	switch v := v.(type) {
	case goja.String:
		if v.Length() > 40 {
			return "a text"
		}
		return "the text " + strconv.Quote(v.String())
	case *goja.Symbol:
		return "a symbol"
	case *goja.Object:
		if class := className(v); class == "Array" {
			return "a list"
		} else if strings.ContainsAny(class[:min(1, len(class))], "AEIOU") {
			return "an " + class
		} else if class != "" {
			return "a " + class
		}
		return "an object"
	}
	return "something else"
}

// clip cuts text to n bytes, at the end of a character.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
