package script

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"
)

// plan is how the messages of one type look in a script: worked out once for a
// version, and read by all of its machines.
type plan struct {
	desc   protoreflect.MessageDescriptor
	fields []field
	names  []string // of the fields, in their order
	index  map[string]int
}

// field is one field of a message.
type field struct {
	fd    protoreflect.FieldDescriptor
	name  string // in scripts
	shape shape
	kind  kind
	// absent says that an unset field is undefined in scripts, not its zero value.
	absent  bool
	message *plan // of kindMessage
	// direct is the index of the field in the Go struct of its message, -1 if there is
	// no such struct.
	direct int
}

// shape says how many values a field holds.
type shape uint8

const (
	single shape = iota
	list
	dict // a map with text as its keys
)

// kind is the type of a field's value, or of each of its values.
type kind uint8

const (
	kindBool kind = iota
	kindText
	kindInt32
	kindInt64
	kindFloat
	kindMessage
	kindJSON // google.protobuf.Value
)

// plans makes plans, each message's once: messages may hold one another.
type plans map[protoreflect.FullName]*plan

var jsonName = (*structpb.Value)(nil).ProtoReflect().Descriptor().FullName()

// of returns the plan of messages like m. An error means that the contract uses a
// type that scripts have no form for.
func (ps plans) of(m protoreflect.Message) (*plan, error) {
	desc := m.Descriptor()
	if p, ok := ps[desc.FullName()]; ok {
		return p, nil
	}
	fds := desc.Fields()
	p := &plan{desc: desc, fields: make([]field, fds.Len()), names: make([]string, fds.Len()), index: make(map[string]int, fds.Len())}
	ps[desc.FullName()] = p
	for i := range p.fields {
		f, err := ps.field(m, fds.Get(i))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", fds.Get(i).FullName(), err)
		}
		p.fields[i], p.names[i], p.index[f.name] = f, f.name, i
	}
	return p, nil
}

func (ps plans) field(m protoreflect.Message, fd protoreflect.FieldDescriptor) (field, error) {
	f := field{fd: fd, name: fd.JSONName(), absent: fd.HasPresence(), direct: structField(m, fd)}
	value := fd
	switch {
	case fd.IsMap():
		if f.shape, value = dict, fd.MapValue(); fd.MapKey().Kind() != protoreflect.StringKind {
			return f, fmt.Errorf("keys of %s are not text", fd.MapKey().Kind())
		}
	case fd.IsList():
		f.shape = list
	}
	switch value.Kind() {
	case protoreflect.BoolKind:
		f.kind = kindBool
	case protoreflect.StringKind:
		f.kind = kindText
	case protoreflect.Int32Kind:
		f.kind = kindInt32
	case protoreflect.Int64Kind:
		f.kind = kindInt64
	case protoreflect.DoubleKind:
		f.kind = kindFloat
	case protoreflect.MessageKind:
		if value.Message().FullName() == jsonName {
			f.kind = kindJSON
			return f, nil
		}
		f.kind = kindMessage
		var err error
		f.message, err = ps.of(sample(f.shape, m.NewField(fd)))
		return f, err
	default:
		return f, fmt.Errorf("scripts have no form for %s", value.Kind())
	}
	return f, nil
}

// sample is a message like those that a field holds.
func sample(s shape, v protoreflect.Value) protoreflect.Message {
	switch s {
	case list:
		return v.List().NewElement().Message()
	case dict:
		return v.Map().NewValue().Message()
	}
	return v.Message()
}

// structField finds a field in the Go struct that generated messages are.
func structField(m protoreflect.Message, fd protoreflect.FieldDescriptor) int {
	t := reflect.TypeOf(m.Interface())
	if t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return -1
	}
	for i := range t.Elem().NumField() {
		tag := strings.Split(t.Elem().Field(i).Tag.Get("protobuf"), ",")
		if len(tag) > 1 && tag[1] == strconv.Itoa(int(fd.Number())) {
			return i
		}
	}
	return -1
}

// direct returns the field of a Go struct, a short cut around reflection that
// allocates for each value; nil if the message is none, or the field no T.
func direct[T any](f *field, m protoreflect.Message) *T {
	if f.direct < 0 {
		return nil
	}
	v := reflect.ValueOf(m.Interface())
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct || f.direct >= v.Elem().NumField() {
		return nil
	}
	t, _ := v.Elem().Field(f.direct).Addr().Interface().(*T)
	return t
}
