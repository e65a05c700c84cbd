package hooktest

import (
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
)

// outcome checks how a call ended.
type outcome func(t *testing.T, answer proto.Message, err error)

// answers wants that message.
func answers(want proto.Message) outcome {
	return func(t *testing.T, answer proto.Message, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("error %v, want %v", err, want)
		}
		if r, ok := answer.(*hook.RpcResponse); ok && isNull(r.GetPayload()) {
			answer = &hook.RpcResponse{} // null and nothing are the same
		}
		if !proto.Equal(answer, want) {
			t.Fatalf("answered\n\t%v\nwant\n\t%v", answer, want)
		}
	}
}

func isNull(v *structpb.Value) bool {
	_, null := v.GetKind().(*structpb.Value_NullValue)
	return null
}

// nothing wants an answer in which no field is set.
func nothing() outcome {
	return func(t *testing.T, answer proto.Message, err error) {
		t.Helper()
		if err != nil || answer == nil || hook.Answered(answer) {
			t.Fatalf("answered %v, %v, want nothing", answer, err)
		}
	}
}

// refuses wants exactly that refusal.
func refuses(want *hook.Refusal) outcome {
	return func(t *testing.T, _ proto.Message, err error) {
		t.Helper()
		if got, ok := hook.AsRefusal(err); !ok || !proto.Equal(got, want) {
			t.Fatalf("error %v, refusal %v, want %v", err, got, want)
		}
	}
}

// unreachable wants an outage with that cause.
func unreachable(cause string) outcome {
	return func(t *testing.T, _ proto.Message, err error) {
		t.Helper()
		if !hook.IsUnreachable(err) || !strings.Contains(err.Error(), cause) || isRefusal(err) || errors.Is(err, hook.ErrUnknownRpc) {
			t.Fatalf("error %v, want unreachable: %s", err, cause)
		}
	}
}

// fails wants an error that is the hook's fault, with that in its text.
func fails(text string) outcome {
	return func(t *testing.T, _ proto.Message, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), text) || isRefusal(err) || hook.IsUnreachable(err) || errors.Is(err, hook.ErrUnknownRpc) {
			t.Fatalf("error %v, want a failure: %s", err, text)
		}
	}
}

func isRefusal(err error) bool {
	_, ok := hook.AsRefusal(err)
	return ok
}

// unknown wants ErrUnknownRpc.
func unknown(t *testing.T, _ proto.Message, err error) {
	t.Helper()
	if !errors.Is(err, hook.ErrUnknownRpc) || isRefusal(err) {
		t.Fatalf("error %v, want %v", err, hook.ErrUnknownRpc)
	}
}

// moods are the cases that every point has in common; request makes one with that
// word where the point's rule looks for it.
func moods(later bool, request func(word string) proto.Message) []testCase {
	type mood struct {
		word string
		want outcome
	}
	list := []mood{
		{"refuse", refuses(&hook.Refusal{Reason: "not today"})},
		{"refuse some", refuses(&hook.Refusal{
			Reason: "sorry, 日本", PlayerReasons: map[string]string{"a1": "you are late", "ä \"2\"": "é\n🎮"},
		})},
		{"refuse quietly", refuses(&hook.Refusal{})},
		{"invalid", refuses(&hook.Refusal{Reason: "that is no request", Invalid: true})},
		{"unreachable", unreachable("no route")},
		{"fail", fails("broken rule")},
	}
	if later {
		list = append(list,
			mood{"refuse later", refuses(&hook.Refusal{Reason: "not today"})},
			mood{"invalid later", refuses(&hook.Refusal{Reason: "that is no request", Invalid: true})},
			mood{"unreachable later", unreachable("no route")},
			mood{"fail later", fails("broken rule")},
		)
	}
	var cases []testCase
	for _, m := range list {
		cases = append(cases, testCase{name: m.word, request: request(m.word), want: m.want})
	}
	return cases
}

// scribble changes all that a message is made of in place: nobody else may see that.
func scribble(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsList():
			for i := range v.List().Len() {
				if f.Message() != nil {
					scribble(v.List().Get(i).Message())
				}
			}
			v.List().Truncate(v.List().Len() - 1)
		case f.IsMap():
			v.Map().Range(func(k protoreflect.MapKey, e protoreflect.Value) bool {
				if f.MapValue().Message() != nil {
					scribble(e.Message())
				}
				return true
			})
			v.Map().Set(protoreflect.ValueOfString("scribbled").MapKey(), v.Map().NewValue())
		case f.Message() != nil:
			scribble(v.Message())
		default:
			m.Clear(f)
		}
		return true
	})
}
