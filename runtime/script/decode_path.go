package script

import (
	"errors"
	"fmt"
	"strings"
)

// step is a key, or the index of an item.
type step struct {
	key   string // empty for an index
	index int
}

// failf is an error about the value being read.
func (d *decoder) failf(format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if len(d.path) == 0 {
		return errors.New(text)
	}
	return errors.New(pathText(d.path) + ": " + text)
}

// newDecoder returns a decoder of one value.
func newDecoder() *decoder {
	d := &decoder{}
	d.path = d.room[:0]
	return d
}

func (d *decoder) push(key string) { d.path = append(d.path, step{key: key}) }
func (d *decoder) item(i int)      { d.path = append(d.path, step{index: i}) }
func (d *decoder) pop()            { d.path = d.path[:len(d.path)-1] }

// pathText is a path as the script would write it: teams[0].accountIds.
func pathText(path []step) string {
	var b strings.Builder
	for i, s := range path {
		switch {
		case s.key == "":
			fmt.Fprintf(&b, "[%d]", s.index)
		case !isName(s.key):
			fmt.Fprintf(&b, "[%q]", clip(s.key, 64))
		case i == 0:
			b.WriteString(clip(s.key, 64))
		default:
			b.WriteString("." + clip(s.key, 64))
		}
	}
	return b.String()
}

// isName reports whether a key can be written after a dot.
func isName(key string) bool {
	for i, r := range key {
		if r != '_' && r != '$' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return key != ""
}
