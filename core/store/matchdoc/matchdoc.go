// Package matchdoc looks into the JSON documents of a stored match (roster,
// result, answer) for the backends of package store: whose they are, and how a
// person is taken out of them.
package matchdoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Erased stands where an erased account's id and username were.
const Erased = "erased"

// AccountIDs returns the values of all "accountId" members of a document, each
// once, in order. An empty document has none. Not JSON is an error.
func AccountIDs(doc []byte) ([]string, error) {
	var ids []string
	err := walk(doc, func(o *object) {
		if o.hasID && !slices.Contains(ids, o.accountID) {
			ids = append(ids, o.accountID)
		}
	}, nil)
	return ids, err
}

// Erase returns the document with Erased in place of every string that equals the
// account's id (member names too), and of the "username" beside such an
// "accountId". All other bytes stay as they are. Not JSON is an error.
func Erase(doc []byte, accountID string) ([]byte, error) {
	var spans []span
	err := walk(doc, func(o *object) {
		if o.hasID && o.accountID == accountID {
			spans = append(spans, o.usernames...)
		}
	}, func(text string, at span) {
		if text == accountID {
			spans = append(spans, at)
		}
	})
	if err != nil || len(spans) == 0 {
		return doc, err
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from - b.from })
	var out []byte
	end := 0
	for _, s := range slices.Compact(spans) {
		out = append(out, doc[end:s.from]...)
		out = append(out, `"`+Erased+`"`...)
		end = s.to
	}
	return append(out, doc[end:]...), nil
}

// span is where a string stands in the document, its quotes included.
type span struct{ from, to int }

// object is what matters of one JSON object (arrays are objects without members).
type object struct {
	array     bool
	key       string
	inValue   bool // the next token is the value of key
	hasID     bool
	accountID string
	usernames []span
}

// walk calls onString for every string and onObject at the end of every object.
func walk(doc []byte, onObject func(*object), onString func(string, span)) error {
	if len(doc) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	var open []*object
	values := 0
	for {
		before := int(dec.InputOffset())
		token, err := dec.Token()
		if errors.Is(err, io.EOF) && len(open) == 0 && values == 1 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("matchdoc: not JSON: %w", err)
		}
		var top *object
		if len(open) > 0 {
			top = open[len(open)-1]
		} else if values++; values > 1 {
			return errors.New("matchdoc: more than one JSON value")
		}
		switch t := token.(type) {
		case json.Delim:
			switch t {
			case '{', '[':
				top.take()
				open = append(open, &object{array: t == '['})
			default:
				onObject(top)
				open = open[:len(open)-1]
			}
		case string:
			// Between two tokens stand only space, commas and colons.
			from := before + bytes.IndexByte(doc[before:], '"')
			at := span{from, int(dec.InputOffset())}
			if onString != nil {
				onString(t, at)
			}
			top.text(t, at)
		default:
			top.take()
		}
	}
}

// take notes that a value stands in the object.
func (o *object) take() {
	if o != nil {
		o.inValue = false
	}
}

// text notes a string, which is a member's name or a value.
func (o *object) text(t string, at span) {
	switch {
	case o == nil || o.array:
	case !o.inValue:
		o.key, o.inValue = t, true
	default:
		o.inValue = false
		switch o.key {
		case "accountId":
			o.hasID, o.accountID = true, t
		case "username":
			o.usernames = append(o.usernames, at)
		}
	}
}
