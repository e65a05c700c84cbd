package plugin

import (
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/structpb"
)

var (
	errString   = errors.New("is not a string")
	errBool     = errors.New("is not true or false")
	errInt      = errors.New("is not a whole number")
	errFloat    = errors.New("is not a number")
	errDuration = errors.New(`is not a duration such as "1.5s" or "10m"`)
	errList     = errors.New("is not a list of strings")
	errMap      = errors.New("is not a map of strings")
)

func parseString(text string) (*structpb.Value, error) { return structpb.NewStringValue(text), nil }

func parseBool(text string) (*structpb.Value, error) {
	if text != "true" && text != "false" {
		return nil, errBool
	}
	return structpb.NewBoolValue(text == "true"), nil
}

func parseInt(text string) (*structpb.Value, error) {
	n, err := strconv.ParseInt(text, 10, 54)
	if err != nil {
		return nil, errInt
	}
	return structpb.NewNumberValue(float64(n)), nil
}

func parseFloat(text string) (*structpb.Value, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, errFloat
	}
	return structpb.NewNumberValue(f), nil
}

func parseDuration(text string) (*structpb.Value, error) {
	if _, err := time.ParseDuration(text); err != nil {
		return nil, errDuration
	}
	return structpb.NewStringValue(text), nil
}

// parseList reads "a, b".
func parseList(text string) (*structpb.Value, error) {
	list := &structpb.ListValue{}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list.Values = append(list.Values, structpb.NewStringValue(item))
		}
	}
	return structpb.NewListValue(list), nil
}

// parseMap reads "a=1, b=2".
func parseMap(text string) (*structpb.Value, error) {
	fields := map[string]*structpb.Value{}
	for item := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(item) == "" {
			continue
		}
		key, value, ok := strings.Cut(item, "=")
		if !ok {
			return nil, errors.New("is not of the form a=1, b=2")
		}
		fields[strings.TrimSpace(key)] = structpb.NewStringValue(strings.TrimSpace(value))
	}
	return structpb.NewStructValue(&structpb.Struct{Fields: fields}), nil
}

func fillString(into reflect.Value, v *structpb.Value) error {
	s, ok := v.GetKind().(*structpb.Value_StringValue)
	if !ok {
		return errString
	}
	into.SetString(s.StringValue)
	return nil
}

func fillBool(into reflect.Value, v *structpb.Value) error {
	b, ok := v.GetKind().(*structpb.Value_BoolValue)
	if !ok {
		return errBool
	}
	into.SetBool(b.BoolValue)
	return nil
}

func fillInt(into reflect.Value, v *structpb.Value) error {
	n, ok := v.GetKind().(*structpb.Value_NumberValue)
	if !ok || n.NumberValue != math.Trunc(n.NumberValue) || math.Abs(n.NumberValue) > 1<<53 || into.OverflowInt(int64(n.NumberValue)) {
		return errInt
	}
	into.SetInt(int64(n.NumberValue))
	return nil
}

func fillFloat(into reflect.Value, v *structpb.Value) error {
	n, ok := v.GetKind().(*structpb.Value_NumberValue)
	if !ok {
		return errFloat
	}
	into.SetFloat(n.NumberValue)
	return nil
}

func fillDuration(into reflect.Value, v *structpb.Value) error {
	s, ok := v.GetKind().(*structpb.Value_StringValue)
	if !ok {
		return errDuration
	}
	d, err := time.ParseDuration(s.StringValue)
	if err != nil {
		return errDuration
	}
	into.SetInt(int64(d))
	return nil
}

func fillList(into reflect.Value, v *structpb.Value) error {
	l, ok := v.GetKind().(*structpb.Value_ListValue)
	if !ok {
		return errList
	}
	var list []string
	for _, item := range l.ListValue.GetValues() {
		s, ok := item.GetKind().(*structpb.Value_StringValue)
		if !ok {
			return errList
		}
		list = append(list, s.StringValue)
	}
	into.Set(reflect.ValueOf(list))
	return nil
}

func fillMap(into reflect.Value, v *structpb.Value) error {
	m, ok := v.GetKind().(*structpb.Value_StructValue)
	if !ok {
		return errMap
	}
	out := make(map[string]string, len(m.StructValue.GetFields()))
	for key, item := range m.StructValue.GetFields() {
		s, ok := item.GetKind().(*structpb.Value_StringValue)
		if !ok {
			return errMap
		}
		out[key] = s.StringValue
	}
	into.Set(reflect.ValueOf(out))
	return nil
}
