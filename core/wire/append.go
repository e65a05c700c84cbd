package wire

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// Message is a server message. Append appends its whole JSON text in the form of a
// level; every level but Level2 is Level1. It keeps nothing and may be called from
// any goroutine while nobody changes the message.
type Message interface {
	Append(dst []byte, level int) []byte
}

const hex = "0123456789abcdef"

// appendString appends a JSON string. What is not UTF-8 becomes U+FFFD; U+2028
// and U+2029 are escaped, since older JavaScript takes them for line ends.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			dst = append(dst, s[done:i]...)
			dst = appendEscape(dst, c)
			i++
			done = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			dst = append(dst, s[done:i]...)
			dst = utf8.AppendRune(dst, utf8.RuneError)
			done = i + n
		case r == '\u2028' || r == '\u2029':
			dst = append(dst, s[done:i]...)
			dst = append(dst, `\u202`...)
			dst = append(dst, hex[r&0xf])
			done = i + n
		}
		i += n
	}
	dst = append(dst, s[done:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
}

// The helpers below append `,"key":value`; key is written as it is. appendText
// always, appendSome only when s is not empty.

func appendKey(dst []byte, key string) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, key...)
	return append(dst, '"', ':')
}

func appendText(dst []byte, key, s string) []byte {
	return appendString(appendKey(dst, key), s)
}

func appendSome(dst []byte, key, s string) []byte {
	if s == "" {
		return dst
	}
	return appendText(dst, key, s)
}

func appendBool(dst []byte, key string, b bool) []byte {
	return strconv.AppendBool(appendKey(dst, key), b)
}

func appendInt(dst []byte, key string, n int64) []byte {
	return strconv.AppendInt(appendKey(dst, key), n, 10)
}

// appendRaw appends JSON text as it is, or what stands for none.
func appendRaw(dst []byte, key string, raw json.RawMessage, none string) []byte {
	dst = appendKey(dst, key)
	if len(raw) == 0 {
		return append(dst, none...)
	}
	return append(dst, raw...)
}

// open begins a message.
func open(dst []byte, kind string) []byte {
	dst = append(dst, `{"type":"`...)
	dst = append(dst, kind...)
	return append(dst, '"')
}

// end ends a message with its replyTo, if it has one.
func end(dst []byte, replyTo string) []byte {
	return append(appendSome(dst, "replyTo", replyTo), '}')
}
