package wire

import (
	"unicode/utf16"
	"unicode/utf8"
)

// kind is what a JSON value is.
type kind uint8

const (
	absent kind = iota
	null
	boolean
	number
	text
	array
	object
)

// value is where a JSON value lies in the frame, without the quotes of a string.
type value struct {
	start, end int
	kind       kind
	// escaped: a string with backslashes.
	escaped bool
}

// scanner walks over JSON (RFC 8259) and accepts nothing else: no value deeper than
// MaxDepth, no lone surrogate in an escape. The bytes must be valid UTF-8 already.
// Its methods return false at the first fault.
type scanner struct {
	b []byte
	i int
}

func (s *scanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return
		}
	}
}

// take steps over one expected byte and the space before it.
func (s *scanner) take(c byte) bool {
	s.space()
	if s.i < len(s.b) && s.b[s.i] == c {
		s.i++
		return true
	}
	return false
}

// members walks over an object that lies inside depth-1 others, and calls each with every
// key and value in order. A repeated key comes again.
func (s *scanner) members(depth int, each func(key, val value) bool) bool {
	if depth > MaxDepth || !s.take('{') {
		return false
	}
	if s.take('}') {
		return true
	}
	for {
		s.space()
		key, ok := s.string()
		if !ok || !s.take(':') {
			return false
		}
		val, ok := s.value(depth)
		if !ok || !each(key, val) {
			return false
		}
		if s.take('}') {
			return true
		}
		if !s.take(',') {
			return false
		}
	}
}

// value steps over one value inside depth arrays and objects. It calls itself for
// deeper ones, which MaxDepth bounds.
func (s *scanner) value(depth int) (value, bool) {
	s.space()
	if s.i >= len(s.b) {
		return value{}, false
	}
	v := value{start: s.i}
	ok := false
	switch s.b[s.i] {
	case '"':
		return s.string()
	case '{':
		v.kind, ok = object, s.members(depth+1, func(_, _ value) bool { return true })
	case '[':
		v.kind, ok = array, s.elements(depth+1)
	case 't':
		v.kind, ok = boolean, s.literal("true")
	case 'f':
		v.kind, ok = boolean, s.literal("false")
	case 'n':
		v.kind, ok = null, s.literal("null")
	default:
		v.kind, ok = number, s.number()
	}
	v.end = s.i
	return v, ok
}

func (s *scanner) elements(depth int) bool {
	if depth > MaxDepth || !s.take('[') {
		return false
	}
	if s.take(']') {
		return true
	}
	for {
		if _, ok := s.value(depth); !ok {
			return false
		}
		if s.take(']') {
			return true
		}
		if !s.take(',') {
			return false
		}
	}
}

func (s *scanner) literal(want string) bool {
	if len(s.b)-s.i < len(want) || string(s.b[s.i:s.i+len(want)]) != want {
		return false
	}
	s.i += len(want)
	return true
}

func (s *scanner) number() bool {
	if s.i < len(s.b) && s.b[s.i] == '-' {
		s.i++
	}
	if s.i < len(s.b) && s.b[s.i] == '0' {
		s.i++
	} else if !s.digits() {
		return false
	}
	if s.i < len(s.b) && s.b[s.i] == '.' {
		s.i++
		if !s.digits() {
			return false
		}
	}
	if s.i < len(s.b) && s.b[s.i]|0x20 == 'e' {
		s.i++
		if s.i < len(s.b) && (s.b[s.i] == '+' || s.b[s.i] == '-') {
			s.i++
		}
		return s.digits()
	}
	return true
}

func (s *scanner) digits() bool {
	from := s.i
	for s.i < len(s.b) && '0' <= s.b[s.i] && s.b[s.i] <= '9' {
		s.i++
	}
	return s.i > from
}

func (s *scanner) string() (value, bool) {
	if s.i >= len(s.b) || s.b[s.i] != '"' {
		return value{}, false
	}
	s.i++
	v := value{start: s.i, kind: text}
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c == '"':
			v.end = s.i
			s.i++
			return v, true
		case c == '\\':
			v.escaped = true
			_, n := unescape(s.b[s.i:])
			if n == 0 {
				return v, false
			}
			s.i += n
		case c < ' ':
			return v, false
		default:
			s.i++
		}
	}
	return v, false
}

// unescape reads the escape that b begins with: its character and how many bytes
// it takes, 0 when it is none.
func unescape(b []byte) (rune, int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	r := unit(b)
	if r < 0 {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if low := unit(b[6:]); low >= 0 {
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return 0, 0
}

// unit reads a \uXXXX, -1 when b does not begin with one.
func unit(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// string returns the text of a string value.
func (v value) string(b []byte) string {
	raw := b[v.start:v.end]
	if !v.escaped {
		return string(raw)
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			i++
			continue
		}
		r, n := unescape(raw[i:])
		out = utf8.AppendRune(out, r)
		i += n
	}
	return string(out)
}
