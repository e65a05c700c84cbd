package hook

import (
	"encoding/json"
	"errors"
	"fmt"

	"google.golang.org/protobuf/types/known/structpb"
)

// maxDepth is how deep a JSON value may nest.
const maxDepth = 32

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
