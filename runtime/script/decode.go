package script

import (
	"math"
	"strconv"

	"github.com/dop251/goja"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Limits of one value that a script hands over.
const (
	maxDepth = 32
	// maxValues is how many values it may be made of, maxText how many bytes of text
	// they may have.
	maxValues = 1 << 16
	maxText   = 1 << 20
	// maxSafe is the largest integer that a number of JavaScript holds for certain.
	maxSafe = 1<<53 - 1
)

// decoder reads one value of a script, as untrusted input: it never asks a value
// for more than the limits allow. It may run code of the script (getters), so it
// is used inside goja.Runtime.Try only.
type decoder struct {
	path   []step // to the value being read
	depth  int
	values int
	text   int
	room   [8]step
}

// count takes one value off the limits.
func (d *decoder) count() error {
	if d.values++; d.values > maxValues {
		return d.failf("more than %d values", maxValues)
	}
	return nil
}

// enter goes one level down; leave comes back.
func (d *decoder) enter() error {
	if d.depth++; d.depth > maxDepth {
		return d.failf("nested over %d levels", maxDepth)
	}
	return d.count()
}

func (d *decoder) leave() { d.depth-- }

// message fills dst, whose fields are all unset.
func (d *decoder) message(p *plan, v goja.Value, dst protoreflect.Message) error {
	o, ok := v.(*goja.Object)
	if !ok || className(o) != "" {
		return d.failf("must be an object, is %s", describe(v))
	}
	if err := d.enter(); err != nil {
		return err
	}
	defer d.leave()
	own := ownMessage(o, p)
	for _, key := range o.Keys() {
		i, known := p.index[key]
		if known && own != nil && own.unread(i) {
			if err := d.copy(own, i, dst); err != nil {
				return err
			}
			continue
		}
		value := o.Get(key)
		if value == nil || goja.IsUndefined(value) {
			continue
		}
		d.push(key)
		if !known {
			return d.failf("unknown%s", didYouMean(key, p.names))
		}
		if err := d.field(&p.fields[i], value, dst); err != nil {
			return err
		}
		d.pop()
	}
	return nil
}

// ownMessage returns the message that o shows, if it is one of the plan's.
func ownMessage(o *goja.Object, p *plan) *message {
	if o.ExportType() != messageType {
		return nil
	}
	if m, ok := o.Export().(*message); ok && m.plan == p {
		return m
	}
	return nil
}

// copy takes a field over that the script did not look at.
func (d *decoder) copy(m *message, i int, dst protoreflect.Message) error {
	fd := m.plan.fields[i].fd
	if !m.src.Has(fd) {
		return nil
	}
	one := m.src.New()
	one.Set(fd, m.src.Get(fd))
	if d.text += proto.Size(one.Interface()); d.text > maxText {
		return d.failf("more than %d bytes", maxText)
	}
	proto.Merge(dst.Interface(), one.Interface())
	return nil
}

func (d *decoder) field(f *field, v goja.Value, dst protoreflect.Message) error {
	if goja.IsNull(v) && (f.kind != kindJSON || f.shape != single) {
		return nil
	}
	switch f.shape {
	case list:
		return d.list(f, v, dst)
	case dict:
		return d.dict(f, v, dst)
	}
	if to := direct[string](f, dst); to != nil {
		if err := d.count(); err != nil {
			return err
		}
		var err error
		*to, err = d.string(v)
		return err
	}
	value, err := d.value(f, v, func() protoreflect.Value { return dst.NewField(f.fd) })
	if err == nil {
		dst.Set(f.fd, value)
	}
	return err
}

func (d *decoder) list(f *field, v goja.Value, dst protoreflect.Message) error {
	o, length, err := d.array(v)
	if err != nil || length == 0 {
		return err
	}
	if texts := direct[[]string](f, dst); texts != nil {
		return d.texts(o, length, texts)
	}
	items := dst.Mutable(f.fd).List()
	for i := range length {
		d.item(i)
		item := o.Get(strconv.Itoa(i))
		if item == nil {
			item = goja.Undefined()
		}
		value, err := d.value(f, item, items.NewElement)
		if err != nil {
			return err
		}
		items.Append(value)
		d.pop()
	}
	return nil
}

// texts reads a list of text.
func (d *decoder) texts(o *goja.Object, length int, to *[]string) error {
	*to = make([]string, length)
	for i := range length {
		d.item(i)
		if err := d.count(); err != nil {
			return err
		}
		item, err := d.string(o.Get(strconv.Itoa(i)))
		if err != nil {
			return err
		}
		(*to)[i] = item
		d.pop()
	}
	return nil
}

// array checks that v is an array of a bearable length.
func (d *decoder) array(v goja.Value) (*goja.Object, int, error) {
	o, ok := v.(*goja.Object)
	if !ok || o.ClassName() != "Array" {
		return nil, 0, d.failf("must be a list, is %s", describe(v))
	}
	length := o.Get("length").ToInteger()
	if length > maxValues-int64(d.values) {
		return nil, 0, d.failf("more than %d values", maxValues)
	}
	return o, int(length), nil
}

func (d *decoder) dict(f *field, v goja.Value, dst protoreflect.Message) error {
	o, ok := v.(*goja.Object)
	if !ok || className(o) != "" {
		return d.failf("must be an object, is %s", describe(v))
	}
	keys := o.Keys()
	if len(keys) == 0 {
		return nil
	}
	entries := dst.Mutable(f.fd).Map()
	for _, key := range keys {
		value := o.Get(key)
		if value == nil || goja.IsUndefined(value) {
			continue
		}
		d.push(key)
		if d.text += len(key); d.text > maxText {
			return d.failf("more than %d bytes", maxText)
		}
		converted, err := d.value(f, value, entries.NewValue)
		if err != nil {
			return err
		}
		entries.Set(mapKey(key), converted)
		d.pop()
	}
	return nil
}

// value converts one value of a field; empty makes a message to fill.
func (d *decoder) value(f *field, v goja.Value, empty func() protoreflect.Value) (protoreflect.Value, error) {
	switch f.kind {
	case kindMessage:
		value := empty()
		return value, d.message(f.message, v, value.Message())
	case kindJSON:
		outer := d.depth
		d.depth = 0 // a value that stands for itself has levels of its own
		value, err := d.json(v)
		d.depth = outer
		if err != nil {
			return protoreflect.Value{}, err
		}
		return protoreflect.ValueOfMessage(value.ProtoReflect()), nil
	}
	if err := d.count(); err != nil {
		return protoreflect.Value{}, err
	}
	switch f.kind {
	case kindBool:
		if v != trueValue && v != falseValue {
			return protoreflect.Value{}, d.failf("must be true or false, is %s", describe(v))
		}
		return protoreflect.ValueOfBool(v == trueValue), nil
	case kindText:
		text, err := d.string(v)
		return protoreflect.ValueOfString(text), err
	}
	if !goja.IsNumber(v) {
		return protoreflect.Value{}, d.failf("must be a number, is %s", describe(v))
	}
	n := v.ToFloat()
	switch {
	case f.kind == kindFloat && !math.IsNaN(n) && !math.IsInf(n, 0):
		return protoreflect.ValueOfFloat64(n), nil
	case f.kind == kindFloat:
		return protoreflect.Value{}, d.failf("must be a finite number, is %v", v)
	case n != math.Trunc(n) || math.IsInf(n, 0):
		return protoreflect.Value{}, d.failf("must be a whole number, is %v", v)
	case f.kind == kindInt32 && n == float64(int32(n)):
		return protoreflect.ValueOfInt32(int32(n)), nil
	case f.kind == kindInt64 && math.Abs(n) <= maxSafe:
		return protoreflect.ValueOfInt64(int64(n)), nil
	}
	return protoreflect.Value{}, d.failf("is out of range: %v", v)
}

// string reads text. Halves of characters become U+FFFD.
func (d *decoder) string(v goja.Value) (string, error) {
	s, ok := v.(goja.String)
	if !ok {
		return "", d.failf("must be text, is %s", describe(v))
	}
	// Every character has at least one byte.
	if s.Length() > maxText-d.text {
		return "", d.failf("more than %d bytes", maxText)
	}
	text := s.String()
	if d.text += len(text); d.text > maxText {
		return "", d.failf("more than %d bytes", maxText)
	}
	return text, nil
}
