package hooktest

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"
)

// view is a message as a script sees it: text, numbers, lists and maps are always
// there, messages and optional fields only if they are set.
func view(m proto.Message) *structpb.Value { return viewMessage(m.ProtoReflect()) }

func viewMessage(m protoreflect.Message) *structpb.Value {
	if v, ok := m.Interface().(*structpb.Value); ok {
		return copied(v)
	}
	out := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if f.HasPresence() && !m.Has(f) {
			continue
		}
		out.Fields[f.JSONName()] = viewField(f, m.Get(f))
	}
	return structpb.NewStructValue(out)
}

func viewField(f protoreflect.FieldDescriptor, v protoreflect.Value) *structpb.Value {
	switch {
	case f.IsMap():
		out := &structpb.Struct{Fields: map[string]*structpb.Value{}}
		v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
			out.Fields[k.String()] = viewOne(f.MapValue(), v)
			return true
		})
		return structpb.NewStructValue(out)
	case f.IsList():
		out := &structpb.ListValue{}
		for i := range v.List().Len() {
			out.Values = append(out.Values, viewOne(f, v.List().Get(i)))
		}
		return structpb.NewListValue(out)
	}
	return viewOne(f, v)
}

func viewOne(f protoreflect.FieldDescriptor, v protoreflect.Value) *structpb.Value {
	switch f.Kind() {
	case protoreflect.MessageKind:
		return viewMessage(v.Message())
	case protoreflect.StringKind:
		return structpb.NewStringValue(v.String())
	case protoreflect.BoolKind:
		return structpb.NewBoolValue(v.Bool())
	case protoreflect.DoubleKind:
		return structpb.NewNumberValue(v.Float())
	}
	return structpb.NewNumberValue(float64(v.Int()))
}
