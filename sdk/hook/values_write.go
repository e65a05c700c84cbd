package hook

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"

	"google.golang.org/protobuf/types/known/structpb"
)

// ValueToJSON writes v as compact JSON with sorted keys; nil is null. Numbers that
// JSON cannot express, and values nested over 32 levels, are errors.
func ValueToJSON(v *structpb.Value) ([]byte, error) { return appendValue(nil, v, 0) }

// appendValue writes as encoding/json does, to the byte.
func appendValue(to []byte, v *structpb.Value, depth int) (_ []byte, err error) {
	switch k := v.GetKind().(type) {
	case *structpb.Value_BoolValue:
		return strconv.AppendBool(to, k.BoolValue), nil
	case *structpb.Value_NumberValue:
		return appendNumber(to, k.NumberValue)
	case *structpb.Value_StringValue:
		return appendText(to, k.StringValue)
	case *structpb.Value_ListValue:
		if depth >= maxDepth {
			return nil, errDepth
		}
		to = append(to, '[')
		for i, item := range k.ListValue.GetValues() {
			if i > 0 {
				to = append(to, ',')
			}
			if to, err = appendValue(to, item, depth+1); err != nil {
				return nil, err
			}
		}
		return append(to, ']'), nil
	case *structpb.Value_StructValue:
		if depth >= maxDepth {
			return nil, errDepth
		}
		return appendFields(to, k.StructValue.GetFields(), depth+1)
	}
	return append(to, "null"...), nil
}

func appendFields(to []byte, fields map[string]*structpb.Value, depth int) (_ []byte, err error) {
	var room [16]string
	keys := room[:0]
	for key := range fields {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	to = append(to, '{')
	for i, key := range keys {
		if i > 0 {
			to = append(to, ',')
		}
		if to, err = appendText(to, key); err != nil {
			return nil, err
		}
		if to, err = appendValue(append(to, ':'), fields[key], depth); err != nil {
			return nil, err
		}
	}
	return append(to, '}'), nil
}

func appendNumber(to []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, errNumber
	}
	if size := math.Abs(f); f == 0 || 1e-6 <= size && size < 1e21 {
		return strconv.AppendFloat(to, f, 'f', -1, 64), nil
	}
	text, err := json.Marshal(f) // with an exponent
	return append(to, text...), err
}

func appendText(to []byte, s string) ([]byte, error) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			text, err := json.Marshal(s) // what needs thought
			return append(to, text...), err
		}
	}
	to = append(to, '"')
	to = append(to, s...)
	return append(to, '"'), nil
}
