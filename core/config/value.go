package config

import (
	"fmt"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// value is an evaluated expression with its place.
type value struct {
	v    cty.Value
	expr hclsyntax.Expression
	at   hcl.Range
	// fromEnv: text of the environment is in it. Numbers and booleans may then
	// come as text, and no hint may show the value.
	fromEnv bool
	// secret: no hint may show the value.
	secret bool
}

// misfit is why a value does not fit: what comes after the value in a sentence,
// then as in problem. A misfit's text never holds the value itself.
type misfit struct {
	is, hint, help string
}

// value evaluates a key; nil if it is not there or was reported.
func (s *section) value(name string) *value {
	a := s.body.Attributes[name]
	if a == nil {
		return nil
	}
	v, fromEnv, ok := s.r.evaluate(a.Expr)
	if !ok {
		return nil
	}
	return &value{v: v, expr: a.Expr, at: a.Expr.Range(), fromEnv: fromEnv, secret: secretName(name)}
}

// get reads a key with a parser; def stands for a key that is absent or wrong.
func get[T any](s *section, name string, def T, parse func(*value) (T, *misfit)) T {
	v := s.value(name)
	if v == nil {
		return def
	}
	got, bad := parse(v)
	if bad != nil {
		s.misfit(name, v, bad)
		return def
	}
	return got
}

func (s *section) misfit(name string, v *value, bad *misfit) {
	p := problem{text: fmt.Sprintf("%s: %s %s.", name, s.r.quote(v.at), bad.is), hint: bad.hint, help: bad.help}
	if v.fromEnv || v.secret {
		p.hint = ""
	}
	s.r.fail(v.at, p)
}

// kindOf says what a value is.
func kindOf(v cty.Value) string {
	switch t := v.Type(); {
	case v.IsNull():
		return "is nothing"
	case t == cty.String:
		return "is text"
	case t == cty.Number:
		return "is a number"
	case t == cty.Bool:
		return "is true or false"
	case t.IsTupleType() || t.IsListType() || t.IsSetType():
		return "is a list"
	}
	return "is a map"
}

func text(v *value) (string, *misfit) {
	if !v.v.IsNull() && v.v.Type() == cty.String {
		return v.v.AsString(), nil
	}
	bad := &misfit{is: kindOf(v.v) + ", text in quotes is needed"}
	if !v.v.IsNull() && v.v.Type() == cty.Number {
		bad.hint = `"` + v.v.AsBigFloat().Text('f', -1) + `"`
	}
	return "", bad
}

func boolean(v *value) (bool, *misfit) {
	bad := &misfit{is: kindOf(v.v) + ", true or false is needed"}
	switch {
	case v.v.IsNull():
	case v.v.Type() == cty.Bool:
		return v.v.True(), nil
	case v.v.Type() == cty.String:
		b, err := strconv.ParseBool(v.v.AsString())
		if err == nil && v.fromEnv {
			return b, nil
		}
		if err == nil {
			bad.hint = strconv.FormatBool(b)
		}
	}
	return false, bad
}

// between parses a whole number from low to high.
func between(low, high int) func(*value) (int, *misfit) {
	return func(v *value) (int, *misfit) {
		bad := &misfit{is: kindOf(v.v) + ", a whole number is needed"}
		n, exact := int64(0), false
		switch {
		case v.v.IsNull():
		case v.v.Type() == cty.Number:
			f := v.v.AsBigFloat()
			if !f.IsInt() {
				bad.is = "is not a whole number"
				return 0, bad
			}
			n, _ = f.Int64() // beyond int64 it is the nearest: out of range below
			exact = true
		case v.v.Type() == cty.String:
			var err error
			n, err = strconv.ParseInt(v.v.AsString(), 10, 64)
			if err == nil && !v.fromEnv {
				bad.hint = strconv.FormatInt(n, 10)
			}
			exact = err == nil && v.fromEnv
		}
		if !exact {
			return 0, bad
		}
		if n < int64(low) || n > int64(high) {
			return 0, &misfit{is: "is out of range", help: fmt.Sprintf("Allowed is %d to %d.", low, high)}
		}
		return int(n), nil
	}
}

// of makes a parser of values of one of texts.
func of[T any](parse func(string) (T, *misfit)) func(*value) (T, *misfit) {
	return func(v *value) (T, *misfit) {
		t, bad := text(v)
		if bad == nil {
			return parse(t)
		}
		// 7350 where ":7350" is right: a number is worth a hint only if the hint is.
		if number, err := strconv.Unquote(bad.hint); err == nil {
			if _, worse := parse(number); worse != nil {
				bad.hint, bad.help = worse.hint, worse.help
			}
		}
		var zero T
		return zero, bad
	}
}

// oneOf parses one of some words.
func oneOf[T ~string](words ...T) func(*value) (T, *misfit) {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	return of(func(t string) (T, *misfit) {
		for _, w := range words {
			if t == string(w) {
				return w, nil
			}
		}
		bad := &misfit{is: "does not fit", help: "Allowed is " + list(quoted(all), "or") + "."}
		if hint := nearest(t, all); hint != "" {
			bad.hint = `"` + hint + `"`
		}
		return "", bad
	})
}
