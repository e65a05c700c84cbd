package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// elements takes a list apart, each element with its own place. It reports what
// is no list.
func (s *section) elements(name string, whole *value) (all []*value, ok bool) {
	t := whole.v.Type()
	if whole.v.IsNull() || !t.IsTupleType() && !t.IsListType() {
		bad := &misfit{is: kindOf(whole.v) + ", a list is needed"}
		if !whole.v.IsNull() && t == cty.String {
			bad.hint = "[" + s.r.quote(whole.at) + "]"
		}
		s.misfit(name, whole, bad)
		return nil, false
	}
	tuple, _ := whole.expr.(*hclsyntax.TupleConsExpr)
	for i, v := range whole.v.AsValueSlice() {
		e := &value{v: v, expr: whole.expr, at: whole.at, fromEnv: whole.fromEnv, secret: whole.secret}
		if tuple != nil && i < len(tuple.Exprs) {
			e.expr, e.at = tuple.Exprs[i], tuple.Exprs[i].Range()
		}
		all = append(all, e)
	}
	return all, true
}

// getList reads a list; elements that do not fit are reported one by one, and so
// is one that is there twice.
func getList[T comparable](s *section, name string, def []T, parse func(*value) (T, *misfit)) []T {
	return readList(s, name, def, parse, true)
}

// getWords is getList for lists in which an element may be there twice.
func getWords(s *section, name string) []string {
	return readList(s, name, nil, text, false)
}

func readList[T comparable](s *section, name string, def []T, parse func(*value) (T, *misfit), unique bool) []T {
	whole := s.value(name)
	if whole == nil {
		return def
	}
	elements, ok := s.elements(name, whole)
	if !ok {
		return def
	}
	got := make([]T, 0, len(elements))
	for _, e := range elements {
		v, bad := parse(e)
		if bad == nil && unique && slices.Contains(got, v) {
			bad = &misfit{is: "is there twice"}
		}
		if bad != nil {
			s.misfit(name, e, bad)
			continue
		}
		got = append(got, v)
	}
	return got
}

// environment reads a map of variables.
func (s *section) environment(name string) Environment {
	env := Environment{}
	v := s.value(name)
	if v == nil {
		return env
	}
	if !v.isMap() {
		s.misfit(name, v, &misfit{is: kindOf(v.v) + ", a map is needed", hint: name + ` = { NAME = "value" }`})
		return env
	}
	for _, item := range v.items() {
		key, e := item.key, item.value
		e.secret = true
		word, bad := variable(e)
		switch {
		case key == "" || strings.ContainsAny(key, "=\x00"):
			s.misfit(name, e, &misfit{is: fmt.Sprintf("has a name, %q, that no variable can have", key)})
		case bad != nil:
			s.misfit(name+"."+key, e, bad)
		default:
			env[key] = NewSecret(word)
		}
	}
	return env
}

// variable is text, or a number or boolean as text: an environment has no types.
func variable(v *value) (string, *misfit) {
	switch t := v.v.Type(); {
	case v.v.IsNull():
	case t == cty.Number:
		return v.v.AsBigFloat().Text('f', -1), nil
	case t == cty.Bool:
		return fmt.Sprint(v.v.True()), nil
	case t == cty.String:
		if strings.ContainsRune(v.v.AsString(), 0) {
			return "", &misfit{is: "holds a NUL character"}
		}
		return v.v.AsString(), nil
	}
	return text(v)
}

func (v *value) isMap() bool {
	return !v.v.IsNull() && (v.v.Type().IsObjectType() || v.v.Type().IsMapType())
}

// item is one value of a map, keyAt the place of its key.
type item struct {
	key   string
	keyAt hcl.Range
	value *value
}

// items takes a map apart, in the order of the keys, each value with its own place.
func (v *value) items() []item {
	values := v.v.AsValueMap()
	object, _ := v.expr.(*hclsyntax.ObjectConsExpr)
	var all []item
	for _, key := range slices.Sorted(maps.Keys(values)) {
		i := item{key, v.at, &value{v: values[key], expr: v.expr, at: v.at, fromEnv: v.fromEnv, secret: v.secret}}
		if object != nil {
			i.locate(object)
		}
		all = append(all, i)
	}
	return all
}

// locate finds the places of a key and its value; the last one counts.
func (i *item) locate(object *hclsyntax.ObjectConsExpr) {
	for _, o := range object.Items {
		k, diags := o.KeyExpr.Value(nil)
		if !diags.HasErrors() && k.IsKnown() && !k.IsNull() && k.Type() == cty.String && k.AsString() == i.key {
			i.keyAt, i.value.at, i.value.expr = o.KeyExpr.Range(), o.ValueExpr.Range(), o.ValueExpr
		}
	}
}
