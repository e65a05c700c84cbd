package plugin

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
)

// field is a field of the plugin's struct that holds a setting.
type field struct {
	schema *pluginpb.Setting
	index  []int
	kind   kind
}

var settingName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// schemaOf finds the settings of a plugin, which points to a struct. Its errors
// are for the plugin's author.
func schemaOf(p Plugin) ([]field, error) {
	t := reflect.TypeOf(p)
	if t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("a plugin is a pointer to a struct that embeds plugin.Base, not a %s", t)
	}
	var fields []field
	seen := map[string]bool{}
	for _, f := range reflect.VisibleFields(t.Elem()) {
		tag, tagged := f.Tag.Lookup("setting")
		if !tagged {
			continue
		}
		got, err := fieldOf(f, tag)
		if err == nil && throughPointer(t.Elem(), f.Index) {
			err = errors.New("a struct with settings is embedded by value, not as a pointer")
		}
		if err == nil && seen[got.schema.GetName()] {
			err = fmt.Errorf("there are two settings %q", got.schema.GetName())
		}
		if err != nil {
			return nil, fmt.Errorf("field %s of %s: %w", f.Name, t.Elem(), err)
		}
		seen[got.schema.GetName()] = true
		fields = append(fields, got)
	}
	return fields, nil
}

// throughPointer says that the way to a field leads through an embedded pointer,
// which may be nil.
func throughPointer(t reflect.Type, index []int) bool {
	for _, i := range index[:len(index)-1] {
		if t = t.Field(i).Type; t.Kind() == reflect.Pointer {
			return true
		}
	}
	return false
}

func fieldOf(f reflect.StructField, tag string) (field, error) {
	words := strings.Split(tag, ",")
	s := &pluginpb.Setting{Name: strings.TrimSpace(words[0]), Doc: f.Tag.Get("doc"), OneOf: strings.Fields(f.Tag.Get("oneof"))}
	if !settingName.MatchString(s.Name) {
		return field{}, fmt.Errorf("%q cannot name a setting: up to 63 of a-z, 0-9 and _, a letter first", s.Name)
	}
	for _, word := range words[1:] {
		switch strings.TrimSpace(word) {
		case "required":
			s.Required = true
		case "secret":
			s.Secret = true
		default:
			return field{}, fmt.Errorf("its setting tag says %q; after the name stand required and secret only", word)
		}
	}
	if !f.IsExported() {
		return field{}, errors.New("a field with a setting must begin with a capital letter")
	}
	k, ok := kindOf(f.Type)
	if !ok {
		return field{}, fmt.Errorf("a setting cannot be a %s; it is a string, bool, int, float64, time.Duration, []string or map[string]string", f.Type)
	}
	s.Type = k.name
	text, has := f.Tag.Lookup("default")
	if has && s.Required {
		return field{}, errors.New("a required setting needs no default")
	}
	if len(s.OneOf) > 0 && k.name != typeString {
		return field{}, fmt.Errorf("oneof is for strings, not for a %s", f.Type)
	}
	if has {
		v, err := k.parse(text)
		if err != nil {
			return field{}, fmt.Errorf("its default %q %w", text, err)
		}
		if len(s.OneOf) > 0 && !slices.Contains(s.OneOf, text) {
			return field{}, fmt.Errorf("its default %q is not one of %s", text, strings.Join(s.OneOf, ", "))
		}
		s.Default = v
	}
	return field{schema: s, index: f.Index, kind: k}, nil
}

// The types of settings, by their names in the schema.
const (
	typeString   = "string"
	typeNumber   = "number"
	typeBool     = "bool"
	typeList     = "list"
	typeMap      = "map"
	typeDuration = "duration"
)

// kind is how one Go type is read from a default's text and from a value that was
// sent. Errors of both go on after the setting's name: "is not a duration".
type kind struct {
	name  string
	parse func(text string) (*structpb.Value, error)
	fill  func(into reflect.Value, v *structpb.Value) error
}

func kindOf(t reflect.Type) (kind, bool) {
	switch t {
	case reflect.TypeFor[string]():
		return kind{typeString, parseString, fillString}, true
	case reflect.TypeFor[bool]():
		return kind{typeBool, parseBool, fillBool}, true
	case reflect.TypeFor[int]():
		return kind{typeNumber, parseInt, fillInt}, true
	case reflect.TypeFor[float64]():
		return kind{typeNumber, parseFloat, fillFloat}, true
	case reflect.TypeFor[time.Duration]():
		return kind{typeDuration, parseDuration, fillDuration}, true
	case reflect.TypeFor[[]string]():
		return kind{typeList, parseList, fillList}, true
	case reflect.TypeFor[map[string]string]():
		return kind{typeMap, parseMap, fillMap}, true
	}
	return kind{}, false
}
