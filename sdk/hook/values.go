package hook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"google.golang.org/protobuf/types/known/structpb"
)

// maxDepth is how deep a JSON value may nest.
const maxDepth = 32

// ValueFromJSON reads one JSON value, nested up to 32 levels. Numbers become
// 64-bit floats, as in JavaScript; one that is out of their range becomes the
// largest there is.
func ValueFromJSON(data []byte) (*structpb.Value, error) {
	if err := checkDepth(data); err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return toValue(v), nil
}

// toValue turns what a json.Decoder makes into a value.
func toValue(v any) *structpb.Value {
	switch v := v.(type) {
	case bool:
		return structpb.NewBoolValue(v)
	case string:
		return structpb.NewStringValue(v)
	case json.Number:
		f, _ := v.Float64() // an error means out of range, and an infinite f
		return structpb.NewNumberValue(max(-math.MaxFloat64, min(f, math.MaxFloat64)))
	case []any:
		list := &structpb.ListValue{Values: make([]*structpb.Value, len(v))}
		for i, item := range v {
			list.Values[i] = toValue(item)
		}
		return structpb.NewListValue(list)
	case map[string]any:
		fields := make(map[string]*structpb.Value, len(v))
		for k, item := range v {
			fields[k] = toValue(item)
		}
		return structpb.NewStructValue(&structpb.Struct{Fields: fields})
	}
	return structpb.NewNullValue()
}

// ValueToJSON writes v as compact JSON with sorted keys; nil is null. Numbers that
// JSON cannot express, and values nested over 32 levels, are errors.
func ValueToJSON(v *structpb.Value) ([]byte, error) {
	if err := checkValue(v, 0); err != nil {
		return nil, err
	}
	return json.Marshal(v.AsInterface())
}

// ValuesFromJSON reads each value of a map of JSON values; nil stays nil.
func ValuesFromJSON(in map[string]json.RawMessage) (map[string]*structpb.Value, error) {
	if in == nil {
		return nil, nil
	}
	out := make(map[string]*structpb.Value, len(in))
	for k, data := range in {
		v, err := ValueFromJSON(data)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", k, err)
		}
		out[k] = v
	}
	return out, nil
}

// ValuesToJSON writes each value of a map as JSON; nil stays nil.
func ValuesToJSON(in map[string]*structpb.Value) (map[string]json.RawMessage, error) {
	if in == nil {
		return nil, nil
	}
	out := make(map[string]json.RawMessage, len(in))
	for k, v := range in {
		data, err := ValueToJSON(v)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", k, err)
		}
		out[k] = data
	}
	return out, nil
}

var (
	errDepth  = fmt.Errorf("nested over %d levels", maxDepth)
	errNumber = errors.New("a number that JSON cannot express")
)

// checkDepth refuses JSON that is nested too deeply before anything recursive
// reads it.
func checkDepth(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	for depth := 0; ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('['), json.Delim('{'):
			if depth++; depth > maxDepth {
				return errDepth
			}
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
	}
}

func checkValue(v *structpb.Value, depth int) error {
	switch k := v.GetKind().(type) {
	case *structpb.Value_NumberValue:
		if math.IsNaN(k.NumberValue) || math.IsInf(k.NumberValue, 0) {
			return errNumber
		}
	case *structpb.Value_ListValue:
		if depth >= maxDepth {
			return errDepth
		}
		for _, item := range k.ListValue.GetValues() {
			if err := checkValue(item, depth+1); err != nil {
				return err
			}
		}
	case *structpb.Value_StructValue:
		if depth >= maxDepth {
			return errDepth
		}
		for _, item := range k.StructValue.GetFields() {
			if err := checkValue(item, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
