package hook

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Answered reports whether a field of the answer m is set. One in which none is,
// is no answer, however the hook is hosted.
func Answered(m proto.Message) bool {
	answered := false
	if m != nil {
		m.ProtoReflect().Range(func(protoreflect.FieldDescriptor, protoreflect.Value) bool {
			answered = true
			return false
		})
	}
	return answered
}

// dispatch is one case of Point.Dispatch: it finds the types that call wants.
func dispatch[I any, R, A proto.Message](p Point, impl any, request proto.Message, call func(I, R) (A, error)) (proto.Message, error) {
	i, ok := impl.(I)
	if !ok {
		return nil, fmt.Errorf("hook: %T does not serve %s", impl, p)
	}
	r, ok := request.(R)
	if !ok || !r.ProtoReflect().IsValid() {
		return nil, fmt.Errorf("hook: %s is not called with a %T", p, request)
	}
	answer, err := call(i, r)
	if err != nil {
		return nil, err
	}
	if m := answer.ProtoReflect(); !m.IsValid() {
		return m.New().Interface(), nil
	}
	return answer, nil
}

// invoke is one method of Remote whose answer may be none: then it is nil.
func invoke[A any, M interface {
	*A
	proto.Message
}](ctx context.Context, by Invoker, p Point, request proto.Message) (M, error) {
	answer := M(new(A))
	if err := by.Invoke(ctx, p, request, answer); err != nil || !Answered(answer) {
		return nil, err
	}
	return answer, nil
}
