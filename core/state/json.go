package state

import (
	"encoding/json"
	"fmt"
)

// AppendJSON is AppendState for a value whose encoded form is its JSON.
func AppendJSON(dst []byte, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	return append(dst, b...), err
}

// Decode returns the value of a document whose encoded form is its JSON: as this
// process wrote it, or decoded. It is nil when the document is absent.
func Decode[T any, P interface {
	*T
	Value
}](d Doc) (P, error) {
	switch v := d.Value.(type) {
	case nil:
		return nil, nil
	case P:
		return v, nil
	case Raw:
		p := P(new(T))
		if err := json.Unmarshal(v, p); err != nil {
			return nil, fmt.Errorf("state: document %s: %w", d.Key, err)
		}
		return p, nil
	}
	return nil, fmt.Errorf("state: document %s holds a %T", d.Key, d.Value)
}
