package wire

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// field is one of the keys that any message has at its top.
type field uint8

const (
	fieldType field = iota
	fieldID
	fieldIsPrivate
	fieldName
	fieldMaxPlayers
	fieldPassword
	fieldProperties
	fieldCode
	fieldLobbyID
	fieldTeam
	fieldReady
	fieldRegion
	fieldPerTeam
	fieldAccountID
	fieldText
	fieldQueue
	fieldPayload
	fieldRegions
	fieldCount
)

// fieldNames are the keys in the order of the constants.
var fieldNames = [fieldCount]string{
	"type", "id", "isPrivate", "name", "maxPlayers", "password", "properties", "code",
	"lobbyId", "team", "ready", "region", "perTeam", "accountId", "text", "queue", "payload", "regions",
}

// Bounds of fields that only have to fit into something else, in characters.
const (
	maxName = 64
	maxKey  = 64
	// An update may delete as many properties as a lobby can have and set as many.
	maxDeleted = MaxProperties
)

// fields are the values of the known keys of one message. Its getters read one
// each and keep the first fault in err.
type fields struct {
	frame  []byte
	values [fieldCount]value
	err    error
}

// scan finds the values; false when the frame is not one JSON object.
func (f *fields) scan() bool {
	s := scanner{b: f.frame}
	ok := s.members(1, func(key, val value) bool {
		name := f.frame[key.start:key.end]
		if key.escaped {
			name = []byte(key.string(f.frame))
		}
		if i, known := fieldOf(name); known {
			f.values[i] = val
		}
		return true
	})
	s.space()
	return ok && s.i == len(f.frame)
}

func fieldOf(name []byte) (field, bool) {
	for i := range fieldNames {
		if string(name) == fieldNames[i] {
			return field(i), true
		}
	}
	return 0, false
}

// id is the request's id; a bad one is a fault.
func (f *fields) id() string {
	switch v := f.values[fieldID]; v.kind {
	case absent, null:
		return ""
	case text:
		// An escape is at most 12 bytes a character: what is longer need not be copied.
		if v.end-v.start <= 12*MaxRequestID {
			if id := v.string(f.frame); utf8.ValidString(id) && utf8.RuneCountInString(id) <= MaxRequestID {
				return id
			}
		}
	}
	f.err = ErrInvalidMessage
	return ""
}

// has reports whether an optional field is there; null is not.
func (f *fields) has(i field) bool { return f.values[i].kind > null }

// is reports whether the field is there and of that kind; another kind is a fault.
func (f *fields) is(i field, k kind) bool {
	if f.has(i) && f.values[i].kind != k {
		f.fail(ErrInvalidMessage)
	}
	return f.values[i].kind == k
}

func (f *fields) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

func (f *fields) invalid(i field, format string, args ...any) {
	f.fail(errInvalidField.About(fieldNames[i]+" "+format, args...))
}

func (f *fields) flag(i field) bool {
	return f.is(i, boolean) && f.frame[f.values[i].start] == 't'
}

// ready is true when absent; null is no boolean either.
func (f *fields) ready() bool {
	switch f.values[fieldReady].kind {
	case absent:
		return true
	case null:
		f.fail(ErrInvalidMessage)
		return false
	}
	return f.flag(fieldReady)
}

// short is a text of at most limit characters, empty when absent.
func (f *fields) short(i field, limit int) string {
	if !f.is(i, text) {
		return ""
	}
	s := f.values[i].string(f.frame)
	if utf8.RuneCountInString(s) > limit {
		f.invalid(i, "must have at most %d characters", limit)
		return ""
	}
	return s
}

// needed is a text of 1 to limit characters.
func (f *fields) needed(i field, limit int) string {
	s := f.short(i, limit)
	if s == "" {
		f.invalid(i, "is required")
	}
	return s
}

// title is a name as people see it: trimmed, without control characters.
func (f *fields) title(i field) string {
	s := strings.TrimSpace(f.short(i, MaxLobbyName))
	if strings.ContainsFunc(s, unicode.IsControl) {
		f.invalid(i, "must not have control characters")
	}
	return s
}

// chat is the text of a message as sent: something to see, and lines at most.
func (f *fields) chat() string {
	s := f.short(fieldText, MaxChat)
	switch {
	case strings.TrimSpace(s) == "":
		f.invalid(fieldText, "must have 1 to %d characters", MaxChat)
	case strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && unicode.IsControl(r) }):
		f.invalid(fieldText, "must not have control characters")
	}
	return s
}

// integer is a whole number in any notation, nil when absent. Its range is for the
// receiver to check, who knows the game.
func (f *fields) integer(i field) *int {
	if !f.is(i, number) {
		return nil
	}
	v := f.values[i]
	n, err := strconv.ParseFloat(string(f.frame[v.start:v.end]), 64)
	if err != nil || n != math.Trunc(n) || math.Abs(n) > math.MaxInt32 {
		f.invalid(i, "must be a whole number")
		return nil
	}
	whole := int(n)
	return &whole
}

// properties reads the object; nil when absent. With deletes a null value counts
// apart, else it is left out.
func (f *fields) properties(deletes bool) map[string]json.RawMessage {
	if !f.is(fieldProperties, object) {
		return nil
	}
	v := f.values[fieldProperties]
	s := scanner{b: f.frame[:v.end], i: v.start}
	out := make(map[string]json.RawMessage)
	s.members(2, func(key, val value) bool {
		name := key.string(f.frame)
		if name == "" || utf8.RuneCountInString(name) > maxKey {
			f.invalid(fieldProperties, "must have keys of 1 to %d characters", maxKey)
			return false
		}
		if !deletes && val.kind == null {
			delete(out, name)
			return true
		}
		out[name] = compact(f.frame, val)
		return len(out) <= MaxProperties+maxDeleted // else the sizes below say so
	})
	keys, deleted, size := 0, 0, 2
	for name, raw := range out {
		if string(raw) == "null" {
			deleted++
			continue
		}
		keys++
		size += len(name) + len(raw) + 4
	}
	if keys > MaxProperties || deleted > maxDeleted || size > MaxPropertyBytes {
		f.invalid(fieldProperties, "must have at most %d keys and %d bytes", MaxProperties, MaxPropertyBytes)
	}
	return out
}

// rpcName is the name of a function that a game's rules have.
func (f *fields) rpcName() string {
	name := f.needed(fieldName, MaxRpcName)
	if name != "" && !IsRpcName(name) {
		f.invalid(fieldName, "must have letters, digits, '_', '-' and '.' only")
	}
	return name
}

// IsRpcName reports whether a text can be the name of an rpc: 1 to MaxRpcName of
// A-Z, a-z, 0-9, "_", "-" and ".".
func IsRpcName(name string) bool {
	return name != "" && len(name) <= MaxRpcName && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_-.", r)
	})
}

// json is any value of at most limit bytes, nil when absent.
func (f *fields) json(i field, limit int) json.RawMessage {
	if f.values[i].kind == absent {
		return nil
	}
	raw := compact(f.frame, f.values[i])
	if len(raw) > limit {
		f.invalid(i, "must have at most %d bytes", limit)
		return nil
	}
	return raw
}

// compact copies a value without the space between its parts.
func compact(frame []byte, v value) json.RawMessage {
	if v.kind == text {
		return json.RawMessage(bytes.Clone(frame[v.start-1 : v.end+1]))
	}
	raw := frame[v.start:v.end]
	out := make(json.RawMessage, 0, len(raw))
	quoted := false
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case quoted && c == '\\':
			out = append(out, c)
			i++
			c = raw[i]
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ' ' || c == '\t' || c == '\n' || c == '\r'):
			continue
		}
		out = append(out, c)
	}
	return out
}
