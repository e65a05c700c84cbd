package lobby

import (
	"encoding/json"
	"maps"
	"slices"
)

// clone copies what the reducer may change in place. Property values, attempts
// and matches are replaced, never changed, so they are shared.
func (l *Lobby) clone() *Lobby {
	c := *l
	c.Teams = slices.Clone(l.Teams)
	for t := range c.Teams {
		c.Teams[t].Players = slices.Clone(c.Teams[t].Players)
	}
	c.Kicked = slices.Clone(l.Kicked)
	return &c
}

// merge returns p with the changes applied: a null deletes. p is left as it is.
func (p Properties) merge(changes Properties) Properties {
	out := maps.Clone(p)
	if out == nil {
		out = make(Properties, len(changes))
	}
	for k, v := range changes {
		if string(v) == "null" {
			delete(out, k)
		} else {
			out[k] = v
		}
	}
	return out
}

// Size is the length of the properties as one JSON object, near enough for a limit.
func (p Properties) Size() int {
	n := 2
	for k, v := range p {
		n += len(k) + len(v) + 4
	}
	return n
}

func (p Properties) equal(q Properties) bool {
	return maps.EqualFunc(p, q, func(a, b json.RawMessage) bool { return string(a) == string(b) })
}
