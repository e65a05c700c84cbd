package config

import (
	"crypto/subtle"
	"fmt"
)

// hidden stands for a secret wherever one would be printed.
const hidden = "(secret)"

// Secret is a text that no verb of fmt and no encoder prints. The zero value is
// the empty text. The text is behind a pointer so that even a Secret in an
// unexported field, where fmt calls no methods, shows an address only.
type Secret struct{ text *string }

var (
	_ fmt.Formatter  = Secret{}
	_ fmt.Stringer   = Secret{}
	_ fmt.GoStringer = Secret{}
)

// NewSecret hides a text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal returns the text. It must not get into a log, an error or a message.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty reports whether there is no text.
func (s Secret) Empty() bool { return s.text == nil }

// Equal compares two secrets in constant time for texts of one length.
func (s Secret) Equal(t Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(t.Reveal())) == 1
}

// String is "(secret)", or empty for an empty secret.
func (s Secret) String() string {
	if s.Empty() {
		return ""
	}
	return hidden
}

// GoString is that of String.
func (s Secret) GoString() string { return s.String() }

// Format writes String for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// MarshalText encodes String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON encodes String.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// Environment is variables of a process. Their values may be secrets.
type Environment map[string]Secret

// Reveal returns names and values, never nil. It must not be logged.
func (e Environment) Reveal() map[string]string {
	all := make(map[string]string, len(e))
	for name, value := range e {
		all[name] = value.Reveal()
	}
	return all
}
