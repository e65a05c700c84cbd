package gameserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// object is a JSON object whose fields may be written in camelCase or with the
// names of the proto (snake_case): gateways accept and send both.
type object map[string]json.RawMessage

// read decodes the field of that (camelCase) name into v; a field that is absent
// or null leaves v as it is.
func (o object) read(name string, v any) error {
	raw, ok := o[name]
	if !ok {
		raw, ok = o[snake(name)]
	}
	if !ok || string(raw) == "null" {
		return nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("field %q: %w", name, err)
	}
	return nil
}

// snake turns "objectMeta" into "object_meta".
func snake(camel string) string {
	var b strings.Builder
	for _, r := range camel {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// integer is a number that may come as a string, as 64-bit numbers do.
type integer int64

func (n *integer) UnmarshalJSON(b []byte) error {
	text := string(bytes.Trim(b, `"`))
	if text == "null" || text == "" {
		return nil
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("want a whole number, have %.40q", text)
	}
	*n = integer(v)
	return nil
}
