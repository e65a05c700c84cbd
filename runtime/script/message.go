package script

import (
	"github.com/dop251/goja"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"
)

// message is a message as a script sees it: an object whose fields are converted
// when they are read, and kept from then on. What the script writes is its own.
type message struct {
	call   *call
	plan   *plan
	src    protoreflect.Message
	values []goja.Value // by field; nil: not read yet
	extra  *overlay     // keys that the message has no field for, if there are any
}

var _ goja.DynamicObject = (*message)(nil)

// absent stands in values for what is not there. It never reaches a machine.
var absent goja.Value = &nothing{}

type nothing struct{ goja.Value }

// object makes the object of a message.
func (c *call) object(p *plan, src protoreflect.Message) *goja.Object {
	return c.machine.vm.NewDynamicObject(&message{call: c, plan: p, src: src, values: make([]goja.Value, len(p.fields))})
}

// objects makes the objects of a list of messages. They share their memory.
func (c *call) objects(p *plan, src protoreflect.List) goja.Value {
	n := src.Len()
	messages, values, items := make([]message, n), make([]goja.Value, n*len(p.fields)), make([]any, n)
	for i := range items {
		from, to := i*len(p.fields), (i+1)*len(p.fields)
		messages[i] = message{call: c, plan: p, src: src.Get(i).Message(), values: values[from:to:to]}
		items[i] = c.machine.vm.NewDynamicObject(&messages[i])
	}
	return c.machine.vm.NewArray(items...)
}

func (o *message) field(i int) goja.Value {
	v := o.values[i]
	if v == nil {
		v = o.call.read(o.src, &o.plan.fields[i])
		o.values[i] = v
	}
	return v
}

// unread reports whether the script never looked at field i, so that it is as it
// came.
func (o *message) unread(i int) bool { return o.values[i] == nil }

// Get implements goja.DynamicObject, as all below.
func (o *message) Get(key string) goja.Value {
	i, ok := o.plan.index[key]
	if !ok {
		return o.extra.get(key)
	}
	if v := o.field(i); v != absent {
		return v
	}
	return nil
}

func (o *message) Set(key string, value goja.Value) bool {
	i, ok := o.plan.index[key]
	if !ok {
		if o.extra == nil {
			o.extra = &overlay{}
		}
		o.extra.set(key, value)
		return true
	}
	o.field(i)
	o.values[i] = value
	return true
}

func (o *message) Has(key string) bool {
	i, ok := o.plan.index[key]
	if !ok {
		return o.extra.get(key) != nil
	}
	return o.there(i)
}

// there reports whether field i is there, and does not convert it for that.
func (o *message) there(i int) bool {
	if o.values[i] != nil {
		return o.values[i] != absent
	}
	o.call.mustRead()
	f := &o.plan.fields[i]
	return !f.absent || o.src.Has(f.fd)
}

func (o *message) Delete(key string) bool {
	i, ok := o.plan.index[key]
	if !ok {
		o.extra.remove(key)
		return true
	}
	o.field(i)
	o.values[i] = absent
	return true
}

func (o *message) Keys() []string {
	keys := make([]string, 0, len(o.plan.names))
	for i, name := range o.plan.names {
		if o.there(i) {
			keys = append(keys, name)
		}
	}
	return o.extra.keys(keys)
}

// read converts a field; absent when it is not there.
func (c *call) read(src protoreflect.Message, f *field) goja.Value {
	c.mustRead()
	if f.absent && !src.Has(f.fd) {
		return absent
	}
	if f.kind == kindJSON && f.shape == dict {
		if values := direct[map[string]*structpb.Value](f, src); values != nil {
			return c.dynamic(jsonMap(*values))
		}
	}
	value := src.Get(f.fd)
	switch f.shape {
	case list:
		items := value.List()
		if f.kind == kindMessage {
			return c.objects(f.message, items)
		}
		values := make([]any, items.Len())
		for i := range values {
			values[i] = c.value(f, items.Get(i))
		}
		return c.machine.vm.NewArray(values...)
	case dict:
		return c.dynamic(&fieldMap{f, value.Map()})
	}
	return c.value(f, value)
}

// value converts one value of a field.
func (c *call) value(f *field, v protoreflect.Value) goja.Value {
	vm := c.machine.vm
	switch f.kind {
	case kindBool:
		return vm.ToValue(v.Bool())
	case kindText:
		return vm.ToValue(v.String())
	case kindInt32, kindInt64:
		return vm.ToValue(v.Int())
	case kindFloat:
		return vm.ToValue(v.Float())
	case kindMessage:
		return c.object(f.message, v.Message())
	}
	return c.json(v.Message().Interface().(*structpb.Value))
}

// json converts a JSON value.
func (c *call) json(v *structpb.Value) goja.Value {
	vm := c.machine.vm
	switch k := v.GetKind().(type) {
	case *structpb.Value_BoolValue:
		return vm.ToValue(k.BoolValue)
	case *structpb.Value_NumberValue:
		return vm.ToValue(k.NumberValue)
	case *structpb.Value_StringValue:
		return vm.ToValue(k.StringValue)
	case *structpb.Value_StructValue:
		return c.dynamic(jsonMap(k.StructValue.GetFields()))
	case *structpb.Value_ListValue:
		values := make([]any, len(k.ListValue.GetValues()))
		for i, item := range k.ListValue.GetValues() {
			values[i] = c.json(item)
		}
		return vm.NewArray(values...)
	}
	return goja.Null()
}
