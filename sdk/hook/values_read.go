package hook

import (
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/structpb"
)

// ValueFromJSON reads one JSON value, nested up to 32 levels. Numbers become
// 64-bit floats, as in JavaScript; one that is out of their range becomes the
// largest there is.
func ValueFromJSON(data []byte) (*structpb.Value, error) {
	if tooDeep(data) {
		return nil, errDepth
	}
	if !json.Valid(data) {
		var v any
		return nil, json.Unmarshal(data, &v) // which tells what is wrong
	}
	r := reader{data: data}
	return r.value(), nil
}

// tooDeep reports whether brackets nest too deeply, before anything recursive
// reads them. It need not understand anything else of JSON.
func tooDeep(data []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// reader reads JSON that is known to be valid and not too deep.
type reader struct {
	data []byte
	at   int
}

// next skips white space and returns what begins there.
func (r *reader) next() byte {
	for {
		switch c := r.data[r.at]; c {
		case ' ', '\t', '\r', '\n':
			r.at++
		default:
			return c
		}
	}
}

func (r *reader) value() *structpb.Value {
	switch r.next() {
	case '{':
		return structpb.NewStructValue(&structpb.Struct{Fields: r.object()})
	case '[':
		return structpb.NewListValue(&structpb.ListValue{Values: r.list()})
	case '"':
		return structpb.NewStringValue(r.string())
	case 't':
		r.at += len("true")
		return structpb.NewBoolValue(true)
	case 'f':
		r.at += len("false")
		return structpb.NewBoolValue(false)
	case 'n':
		r.at += len("null")
		return structpb.NewNullValue()
	}
	return structpb.NewNumberValue(r.number())
}

// object reads an object. Of equal keys the last one counts.
func (r *reader) object() map[string]*structpb.Value {
	fields := map[string]*structpb.Value{}
	r.at++
	for r.next() != '}' {
		if r.data[r.at] == ',' {
			r.at++
			r.next()
		}
		key := r.string()
		r.next()
		r.at++ // the colon
		fields[key] = r.value()
	}
	r.at++
	return fields
}

func (r *reader) list() []*structpb.Value {
	values := []*structpb.Value{}
	r.at++
	for r.next() != ']' {
		if r.data[r.at] == ',' {
			r.at++
		}
		values = append(values, r.value())
	}
	r.at++
	return values
}

// string reads text. What is no UTF-8 in it becomes U+FFFD.
func (r *reader) string() string {
	begin, escaped := r.at, false
	for r.at++; r.data[r.at] != '"'; r.at++ {
		if r.data[r.at] == '\\' {
			escaped = true
			r.at++
		}
	}
	r.at++
	quoted := r.data[begin:r.at]
	if text := quoted[1 : len(quoted)-1]; !escaped && utf8.Valid(text) {
		return string(text)
	}
	var text string
	_ = json.Unmarshal(quoted, &text) // it is valid
	return text
}

func (r *reader) number() float64 {
	begin := r.at
	for r.at < len(r.data) && partOfNumber(r.data[r.at]) {
		r.at++
	}
	f, _ := strconv.ParseFloat(string(r.data[begin:r.at]), 64) // an error means out of range, and an infinite f
	return max(-math.MaxFloat64, min(f, math.MaxFloat64))
}

func partOfNumber(c byte) bool {
	return '0' <= c && c <= '9' || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E'
}
