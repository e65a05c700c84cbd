package hook_test

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/muster-gg/muster/sdk/hook"
)

// TestPointsFitTheirServices holds that what a host is told about a point is what
// the .proto files say.
func TestPointsFitTheirServices(t *testing.T) {
	for _, p := range hook.Points() {
		info, _ := p.Info()
		d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(info.Service + "." + info.Method))
		if err != nil {
			t.Errorf("%s: %v", p, err)
			continue
		}
		method := d.(protoreflect.MethodDescriptor)
		if got := p.NewRequest().ProtoReflect().Descriptor(); got != method.Input() {
			t.Errorf("%s is asked with %s, want %s", p, got.FullName(), method.Input().FullName())
		}
		if got := p.NewResponse().ProtoReflect().Descriptor(); got != method.Output() {
			t.Errorf("%s answers %s, want %s", p, got.FullName(), method.Output().FullName())
		}
		if info.Lone != (p == hook.PointAssignTeam) || info.Lone && !info.Spread {
			t.Errorf("%s: %+v", p, info)
		}
	}
	if none := hook.Point("none"); none.NewRequest() != nil || none.NewResponse() != nil {
		t.Error("a point that does not exist has messages")
	}
}

func TestDispatchToTheWrong(t *testing.T) {
	for _, p := range hook.Points() {
		if _, err := p.Dispatch(t.Context(), struct{}{}, p.NewRequest()); err == nil {
			t.Errorf("%s was dispatched to a value that does not serve it", p)
		}
		for _, request := range []proto.Message{nil, new(hook.Lobby), p.NewRequest().ProtoReflect().Type().Zero().Interface()} {
			if _, err := p.Dispatch(t.Context(), hook.Remote{Invoker: fixed{}}, request); err == nil {
				t.Errorf("%s was dispatched with %T", p, request)
			}
		}
	}
	if _, err := hook.Point("none").Dispatch(t.Context(), hook.Remote{Invoker: fixed{}}, new(hook.Lobby)); err == nil {
		t.Error("a point that does not exist was dispatched")
	}
}

// fixed is an invoker that answers the same message to all, or fails.
type fixed struct {
	answer proto.Message
	err    error
}

func (f fixed) Invoke(_ context.Context, _ hook.Point, _, response proto.Message) error {
	if f.answer != nil {
		proto.Merge(response, f.answer)
	}
	return f.err
}

func TestNoAnswer(t *testing.T) {
	r, ctx := hook.Remote{Invoker: fixed{}}, t.Context()
	if v, err := r.Authenticate(ctx, nil); v != nil || err != nil {
		t.Errorf("%v, %v", v, err)
	}
	if v, err := r.BeforeLobbyJoin(ctx, nil, nil); v != nil || err != nil {
		t.Errorf("%v, %v", v, err)
	}
	if v, err := r.AssignTeam(ctx, nil, nil); v != "" || err != nil {
		t.Errorf("%v, %v", v, err)
	}
	if err := r.Release(ctx, nil); err != nil {
		t.Error(err)
	}
	// An empty decision refuses, and an empty response of an rpc is null.
	if refusal, ok := hook.AsRefusal(r.ValidateStart(ctx, nil)); !ok || refusal.GetReason() != "" {
		t.Errorf("%v", refusal)
	}
	if v, err := r.Rpc(ctx, nil); v == nil || err != nil {
		t.Errorf("%v, %v", v, err)
	}
	for _, p := range hook.Points() {
		answer, err := p.Dispatch(ctx, r, p.NewRequest())
		if refused := p == hook.PointValidateStart; refused != (err != nil) || !refused && (answer == nil || hook.Answered(answer)) {
			t.Errorf("%s answered %v, %v", p, answer, err)
		}
	}
}

func TestFailedCallsAnswerNothing(t *testing.T) {
	want := errors.New("broken")
	for _, p := range hook.Points() {
		answer, err := p.Dispatch(t.Context(), hook.Remote{Invoker: fixed{err: want}}, p.NewRequest())
		if answer != nil || !errors.Is(err, want) {
			t.Errorf("%s answered %v, %v", p, answer, err)
		}
	}
	half := hook.Remote{Invoker: fixed{&hook.AssignTeamResponse{Team: "A"}, want}}
	if v, err := half.AssignTeam(t.Context(), nil, nil); v != "" || !errors.Is(err, want) {
		t.Errorf("%q, %v", v, err)
	}
}

func TestAnswered(t *testing.T) {
	for m, want := range map[proto.Message]bool{
		nil: false, (*hook.Player)(nil): false, new(hook.Player): false, &hook.Player{Ready: true}: true,
		&hook.Match{Server: &hook.Server{}}: true, &hook.LobbyDraft{MaxPlayers: proto.Int32(0)}: true,
		&hook.Assignment{Teams: []*hook.TeamAssignment{}}: false,
	} {
		if got := hook.Answered(m); got != want {
			t.Errorf("%T %v: %v", m, m, got)
		}
	}
}
