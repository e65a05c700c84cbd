package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-gg/muster/runtime/script"
)

// same says that two questions are.
func same(a, b *script.Asked) bool { return similar(a, b) && bytes.Equal(asJSON(a), asJSON(b)) }

// similar says that two questions are about the same thing.
func similar(a, b *script.Asked) bool {
	switch {
	case a.Fetch != nil && b.Fetch != nil:
		return a.Fetch.Method == b.Fetch.Method && a.Fetch.URL == b.Fetch.URL
	case a.Storage != nil && b.Storage != nil:
		return a.Storage.Op == b.Storage.Op && a.Storage.Scope == b.Storage.Scope && slices.Equal(a.Storage.Keys, b.Storage.Keys)
	case a.Notify != nil && b.Notify != nil:
		return a.Notify.Account == b.Notify.Account && a.Notify.Kind == b.Notify.Kind
	}
	return false
}

// writes says that a question changes something, and is answered with no more than
// that it was done.
func writes(a *script.Asked) bool {
	return a.Notify != nil || a.Storage != nil && (a.Storage.Op == "set" || a.Storage.Op == "delete")
}

// asJSON is the question alone, without its answer.
func asJSON(a *script.Asked) []byte {
	var q any = a.Storage
	switch {
	case a.Fetch != nil:
		q = a.Fetch
	case a.Notify != nil:
		q = a.Notify
	}
	data, _ := json.Marshal(q) // it was read from JSON, or is about to be written as such
	return data
}

// question is the question for a comparison.
func question(a *script.Asked) any { return tree(asJSON(a)) }

// show is the question as the script puts it.
func show(a *script.Asked) string {
	switch {
	case a.Fetch != nil:
		return clip(fmt.Sprintf("fetch %s %s", a.Fetch.Method, a.Fetch.URL))
	case a.Notify != nil:
		return clip(fmt.Sprintf("notify(%q, %q)", a.Notify.Account, a.Notify.Kind))
	}
	s := a.Storage
	name, args := s.Op, ""
	switch {
	case s.Op == "list":
		args = fmt.Sprintf("{ prefix: %q, after: %q, limit: %d }", s.Prefix, s.After, s.Limit)
	case len(s.Keys) == 1:
		args = fmt.Sprintf("%q", s.Keys[0])
	default:
		name, args = "getMany", "["
		for i, key := range s.Keys {
			if i > 0 {
				args += ", "
			}
			args += fmt.Sprintf("%q", key)
		}
		args += "]"
	}
	if s.Op == "set" {
		args += ", " + brief(tree(s.Value))
	}
	of := "storage."
	if s.Scope != "" {
		of = fmt.Sprintf("storage.account(%q).", s.Scope)
	}
	return clip(of + name + "(" + args + ")")
}

// maxShown is how long a value may be in a line for people.
const maxShown = 100

func clip(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7F && r < 0xA0 {
			return ' '
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > maxShown {
		return string(runes[:maxShown]) + "…"
	}
	return text
}
