package script

import (
	"slices"

	"github.com/dop251/goja"
)

// overlay is an ordered set of keys with values. Its zero value, and nil, are empty. Most are
// of a few keys, for which a list is faster than a map.
type overlay struct {
	pairs []pair
	index map[string]int // of pairs, once there are many
	room  [2]pair        // for the first pairs
}

type pair struct {
	key   string
	value goja.Value
}

// manyPairs is from where on an overlay has an index.
const manyPairs = 12

func (o *overlay) find(key string) int {
	if o == nil {
		return -1
	}
	if o.index != nil {
		if i, ok := o.index[key]; ok {
			return i
		}
		return -1
	}
	for i := range o.pairs {
		if o.pairs[i].key == key {
			return i
		}
	}
	return -1
}

// get returns the value of a key, nil if there is none.
func (o *overlay) get(key string) goja.Value {
	if i := o.find(key); i >= 0 {
		return o.pairs[i].value
	}
	return nil
}

func (o *overlay) set(key string, value goja.Value) {
	if i := o.find(key); i >= 0 {
		o.pairs[i].value = value
		return
	}
	if o.pairs == nil {
		o.pairs = o.room[:0]
	}
	o.pairs = append(o.pairs, pair{key, value})
	if o.index != nil {
		o.index[key] = len(o.pairs) - 1
	} else if len(o.pairs) >= manyPairs {
		o.reindex()
	}
}

func (o *overlay) reindex() {
	o.index = make(map[string]int, 2*len(o.pairs))
	for i := range o.pairs {
		o.index[o.pairs[i].key] = i
	}
}

func (o *overlay) remove(key string) {
	i := o.find(key)
	if i < 0 {
		return
	}
	o.pairs = slices.Delete(o.pairs, i, i+1)
	if o.index != nil {
		o.reindex()
	}
}

// keys adds the keys, in the order in which they came.
func (o *overlay) keys(to []string) []string {
	if o == nil {
		return to
	}
	for i := range o.pairs {
		to = append(to, o.pairs[i].key)
	}
	return to
}
