package script

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/dop251/goja"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"
)

// mapping is a map as a script sees it, lazy as a message.
type mapping struct {
	call    *call
	src     entries
	read    overlay  // entries of src that were read, written or deleted
	written *overlay // keys that src does not have, if there are any
}

var _ goja.DynamicObject = (*mapping)(nil)

// entries is what a mapping shows.
type entries interface {
	// get converts the value of a key, nil if there is none.
	get(c *call, key string) goja.Value
	has(key string) bool
	keys() []string
}

// fieldMap is a map field of a message.
type fieldMap struct {
	field *field
	src   protoreflect.Map
}

func (m *fieldMap) get(c *call, key string) goja.Value {
	if v := m.src.Get(mapKey(key)); v.IsValid() {
		return c.value(m.field, v)
	}
	return nil
}

func (m *fieldMap) has(key string) bool { return m.src.Has(mapKey(key)) }

func (m *fieldMap) keys() []string {
	keys := make([]string, 0, m.src.Len())
	m.src.Range(func(k protoreflect.MapKey, _ protoreflect.Value) bool {
		keys = append(keys, k.String())
		return true
	})
	return keys
}

func mapKey(key string) protoreflect.MapKey { return protoreflect.ValueOfString(key).MapKey() }

// jsonMap is a JSON object.
type jsonMap map[string]*structpb.Value

func (m jsonMap) get(c *call, key string) goja.Value {
	if v, ok := m[key]; ok {
		return c.json(v)
	}
	return nil
}

func (m jsonMap) has(key string) bool { _, ok := m[key]; return ok }

func (m jsonMap) keys() []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}

// dynamic makes the object of a map.
func (c *call) dynamic(src entries) *goja.Object {
	return c.machine.vm.NewDynamicObject(&mapping{call: c, src: src})
}

// Get implements goja.DynamicObject, as all below.
func (o *mapping) Get(key string) goja.Value {
	v := o.read.get(key)
	if v == nil {
		o.call.mustRead()
		if v = o.src.get(o.call, key); v == nil {
			return o.written.get(key)
		}
		o.read.set(key, v)
	}
	if v == absent {
		return nil
	}
	return v
}

func (o *mapping) Set(key string, value goja.Value) bool {
	if o.mine(key) {
		o.read.set(key, value)
	} else {
		if o.written == nil {
			o.written = &overlay{}
		}
		o.written.set(key, value)
	}
	return true
}

// mine reports whether src has the key, deleted or not.
func (o *mapping) mine(key string) bool {
	if o.read.get(key) != nil {
		return true
	}
	o.call.mustRead()
	return o.src.has(key)
}

func (o *mapping) Has(key string) bool {
	if o.mine(key) {
		return o.read.get(key) != absent
	}
	return o.written.get(key) != nil
}

func (o *mapping) Delete(key string) bool {
	if o.mine(key) {
		o.read.set(key, absent)
	} else {
		o.written.remove(key)
	}
	return true
}

// Keys come in the order of JavaScript where it has one, numbers before text.
// Messages have none: theirs are sorted, so that every run is the same.
func (o *mapping) Keys() []string {
	o.call.mustRead()
	keys := o.src.keys()
	slices.Sort(keys)
	keys = slices.DeleteFunc(keys, func(k string) bool { return o.read.get(k) == absent })
	keys = o.written.keys(keys)
	if slices.ContainsFunc(keys, isIndex) {
		slices.SortStableFunc(keys, func(a, b string) int { return cmp.Compare(place(a), place(b)) })
	}
	return keys
}

func isIndex(key string) bool { return place(key) < notAnIndex }

const notAnIndex = 1 << 32

// place is the number that a key is, notAnIndex for text.
func place(key string) uint64 {
	if key == "" || len(key) > 10 || key[0] < '0' || key[0] > '9' || len(key) > 1 && key[0] == '0' {
		return notAnIndex
	}
	n, err := strconv.ParseUint(key, 10, 32)
	if err != nil || n == 1<<32-1 {
		return notAnIndex
	}
	return n
}
