package config

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/zclconf/go-cty/cty"
)

// Check holds the block against the schema that the plugin sent. It returns the
// value of every setting of the schema, with the types of JSON in Go and lists as
// []any; they are of use only without errors. Diagnostics are as those of Load,
// and what the schema calls secret is in none of them.
func (s *PluginSettings) Check(schema []Setting) (map[string]any, Diagnostics) {
	if s == nil {
		s = &PluginSettings{}
	}
	secret := map[string]bool{}
	for name := range s.values {
		secret[name] = true // one that is not in the schema may be a slip in the name of a secret
	}
	for _, want := range schema {
		secret[want.Name] = want.Secret
	}
	s.mu.Lock()
	s.secret = secret
	s.mu.Unlock()
	c := &checker{section: &section{r: s.reader(secret), title: s.title, at: s.block}, values: map[string]any{}}
	var names []string
	for _, want := range schema {
		names = append(names, want.Name)
		v, there := s.values[want.Name]
		switch {
		case there:
			own := *v.value
			own.secret = own.secret || want.Secret
			c.read(want, &own)
		case want.Required:
			c.absent(want)
		case want.Default != nil:
			c.values[want.Name] = want.Default
		default:
			c.values[want.Name] = zero(want.Type)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.values)) {
		if !slices.Contains(names, name) {
			c.unknown(name, s.values[name], names)
		}
	}
	c.r.diags.sort()
	return c.values, c.r.diags
}

// checker turns evaluated values into those of a schema.
type checker struct {
	*section
	values map[string]any
}

func (c *checker) read(want Setting, v *value) {
	var got any
	var bad *misfit
	switch want.Type {
	case "string":
		if len(want.OneOf) > 0 {
			got, bad = oneOf(want.OneOf...)(v)
		} else {
			got, bad = text(v)
		}
	case "number":
		got, bad = number(v)
	case "bool":
		got, bad = boolean(v)
	case "duration":
		var d time.Duration
		d, bad = duration(0, years(100))(v)
		got = d.String()
	case "list":
		got = c.list(want.Name, v)
	case "map":
		got = c.strings(want.Name, v)
	default:
		c.r.fail(v.at, problem{text: fmt.Sprintf("The plugin says that %s is a %q: this version of Muster does not know that type.", want.Name, want.Type)})
	}
	if bad != nil {
		if bad.help == "" {
			bad.help = sentence(want.Doc)
		}
		c.misfit(want.Name, v, bad)
	}
	c.values[want.Name] = got
}

func (c *checker) list(name string, v *value) []any {
	elements, _ := c.elements(name, v)
	all := make([]any, 0, len(elements))
	for _, e := range elements {
		word, bad := text(e)
		if bad != nil {
			c.misfit(name, e, bad)
			continue
		}
		all = append(all, word)
	}
	return all
}

func (c *checker) strings(name string, v *value) map[string]any {
	all := map[string]any{}
	if !v.isMap() {
		c.misfit(name, v, &misfit{is: kindOf(v.v) + ", a map is needed", hint: name + ` = { name = "value" }`})
		return all
	}
	for _, i := range v.items() {
		word, bad := text(i.value)
		if bad != nil {
			c.misfit(name+"."+i.key, i.value, bad)
			continue
		}
		all[i.key] = word
	}
	return all
}

func (c *checker) absent(want Setting) {
	help := sentence(want.Doc)
	if help == "" {
		help = fmt.Sprintf("It is a %s.", want.Type)
	}
	c.r.fail(c.at, problem{text: fmt.Sprintf("%s needs %s.", c.title, want.Name), help: help})
}

func (c *checker) unknown(name string, v settingValue, known []string) {
	p := problem{text: fmt.Sprintf("There is no %q in %s.", name, c.title), hint: nearest(name, known)}
	switch {
	case len(known) == 0:
		p.help = "This plugin has no settings."
	case p.hint == "":
		p.help = "Known here: " + list(known, "and") + "."
	}
	c.r.fail(v.nameAt, p)
}

// number parses a number, whole or not.
func number(v *value) (float64, *misfit) {
	bad := &misfit{is: kindOf(v.v) + ", a number is needed"}
	f := math.NaN()
	switch {
	case v.v.IsNull():
	case v.v.Type() == cty.Number:
		if f, _ = v.v.AsBigFloat().Float64(); math.IsInf(f, 0) {
			bad.is = "is out of range"
		}
	case v.v.Type() == cty.String:
		n, err := strconv.ParseFloat(v.v.AsString(), 64)
		if err == nil && v.fromEnv {
			f = n
		} else if err == nil {
			bad.hint = strconv.FormatFloat(n, 'f', -1, 64)
		}
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, bad
	}
	return f, nil
}

// zero is what an absent setting without a default stands for.
func zero(kind string) any {
	switch kind {
	case "number":
		return 0.0
	case "bool":
		return false
	case "list":
		return []any{}
	case "map":
		return map[string]any{}
	case "duration":
		return "0s"
	}
	return ""
}
