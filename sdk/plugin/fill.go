package plugin

import (
	"reflect"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"
)

// fill sets the fields of p to the settings that were sent; what is absent gets
// its default. Its errors are those of BadSetting.
func fill(p Plugin, fields []field, settings *structpb.Struct) error {
	sent := settings.GetFields()
	for name := range sent {
		if !slices.ContainsFunc(fields, func(f field) bool { return f.schema.GetName() == name }) {
			return BadSetting(name, "is unknown to this plugin")
		}
	}
	into := reflect.ValueOf(p).Elem()
	for _, f := range fields {
		v := sent[f.schema.GetName()]
		if absent(v) {
			v = f.schema.GetDefault()
		}
		if absent(v) {
			if f.schema.GetRequired() {
				return BadSetting(f.schema.GetName(), "is required")
			}
			continue
		}
		if err := f.kind.fill(into.FieldByIndex(f.index), v); err != nil {
			return BadSetting(f.schema.GetName(), err.Error())
		}
		if err := fits(f, v); err != nil {
			return err
		}
	}
	return nil
}

func absent(v *structpb.Value) bool {
	if v == nil {
		return true
	}
	_, null := v.GetKind().(*structpb.Value_NullValue)
	return null
}

// fits checks what a string may be.
func fits(f field, v *structpb.Value) error {
	if f.kind.name != typeString {
		return nil
	}
	text := v.GetStringValue()
	if f.schema.GetRequired() && text == "" {
		return BadSetting(f.schema.GetName(), "is required and is empty")
	}
	if oneOf := f.schema.GetOneOf(); len(oneOf) > 0 && text != "" && !slices.Contains(oneOf, text) {
		return BadSetting(f.schema.GetName(), "is not one of "+strings.Join(oneOf, ", "))
	}
	return nil
}
