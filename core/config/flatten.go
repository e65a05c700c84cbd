package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// setting is one value of a config, or the fact that a block is there.
type setting struct {
	path string
	// shown is for people, compared tells values apart: they differ for secrets.
	shown, compared string
	restart         bool
	block           bool
}

const wholeBlock = "{…}"

// flatten lists all settings of a config. The tag `config:"name,restart"` of a
// field says its name; fields without one are left out.
func flatten(c *Config) []setting {
	f := &flattener{}
	f.fields("", reflect.ValueOf(*c), false)
	return f.out
}

type flattener struct{ out []setting }

func (f *flattener) fields(path string, v reflect.Value, restart bool) {
	for i := range v.NumField() {
		tag, tagged := v.Type().Field(i).Tag.Lookup("config")
		if !tagged {
			continue
		}
		name, option, _ := strings.Cut(tag, ",")
		f.value(strings.TrimPrefix(path+"."+name, "."), v.Field(i), restart || option == "restart")
	}
}

func (f *flattener) value(path string, v reflect.Value, restart bool) {
	switch {
	case v.Type() == reflect.TypeFor[Secret]():
		s := v.Interface().(Secret)
		f.out = append(f.out, setting{path: path, shown: shownOf(s), compared: s.Reveal(), restart: restart})
	case v.Type() == reflect.TypeFor[[]Secret]():
		for i, secret := range v.Interface().([]Secret) {
			f.value(fmt.Sprintf("%s[%d]", path, i), reflect.ValueOf(secret), restart)
		}
	case v.Type() == reflect.TypeFor[Environment]():
		env := v.Interface().(Environment)
		for _, name := range slices.Sorted(maps.Keys(env)) {
			f.value(path+"."+name, reflect.ValueOf(env[name]), restart)
		}
	case v.Type() == reflect.TypeFor[*PluginSettings]():
		f.settings(path, v.Interface().(*PluginSettings), restart)
	case v.Kind() == reflect.Pointer:
		if !v.IsNil() {
			f.block(path, v.Elem(), restart)
		}
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct && !isStringer(v.Type().Elem()):
		f.blocks(path, v, restart)
	case v.Kind() == reflect.Struct && !isStringer(v.Type()):
		f.fields(path, v, restart)
	default:
		text := scalar(v)
		f.out = append(f.out, setting{path: path, shown: text, compared: text, restart: restart})
	}
}

// settings are a plugin's: any of them may be secret.
func (f *flattener) settings(path string, s *PluginSettings, restart bool) {
	if s == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(s.values)) {
		f.out = append(f.out, setting{path: path + "." + name, shown: hidden, compared: s.values[name].v.GoString(), restart: restart})
	}
}

// blocks are those that may be there several times: with names, whose order is a
// setting too, or told apart by their place.
func (f *flattener) blocks(path string, v reflect.Value, restart bool) {
	var labels []string
	for i := range v.Len() {
		if name := v.Index(i).FieldByName("Name"); name.IsValid() {
			labels = append(labels, name.String())
			continue
		}
		f.block(fmt.Sprintf("%s[%d]", path, i), v.Index(i), restart)
	}
	if len(labels) == 0 {
		return
	}
	text := strings.Join(labels, ", ")
	f.out = append(f.out, setting{path: path, shown: text, compared: text, restart: restart})
	for i, label := range labels {
		f.block(path+"."+label, v.Index(i), restart)
	}
}

func (f *flattener) block(path string, v reflect.Value, restart bool) {
	f.out = append(f.out, setting{path: path, shown: wholeBlock, restart: restart, block: true})
	f.fields(path, v, restart)
}

func shownOf(s Secret) string {
	if s.Empty() {
		return `""`
	}
	return hidden
}

func isStringer(t reflect.Type) bool { return t.Implements(reflect.TypeFor[fmt.Stringer]()) }

// scalar writes a value, or a list of them, as the file would have it.
func scalar(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case time.Duration:
		return fmt.Sprintf("%q", short(value))
	case fmt.Stringer:
		return fmt.Sprintf("%q", value.String())
	}
	switch v.Kind() {
	case reflect.String:
		return fmt.Sprintf("%q", v.String())
	case reflect.Slice:
		words := make([]string, v.Len())
		for i := range words {
			words[i] = scalar(v.Index(i))
		}
		return "[" + strings.Join(words, ", ") + "]"
	case reflect.Map:
		return words(v.Interface().(map[string]string))
	}
	return fmt.Sprint(v.Interface())
}

// words writes a map as the file would have it.
func words(m map[string]string) string {
	pairs := make([]string, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		pairs = append(pairs, fmt.Sprintf("%s = %q", name, m[name]))
	}
	return "{" + strings.Join(pairs, ", ") + "}"
}
