package wire

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/muster-gg/muster/sdk/hook"
)

// TestErrorsCross sends each kind of error there and back.
func TestErrorsCross(t *testing.T) {
	for _, c := range []struct {
		err  error
		code codes.Code
		is   error
		text string
	}{
		{hook.ErrUnknownRpc, codes.NotFound, hook.ErrUnknownRpc, "no rpc"},
		{fmt.Errorf("later: %w", context.DeadlineExceeded), codes.DeadlineExceeded, context.DeadlineExceeded, "later"},
		{context.Canceled, codes.Canceled, context.Canceled, ""},
		{fmt.Errorf("%w: %w", &UnbegunError{"too many calls"}, context.DeadlineExceeded), codes.Aborted, nil, "too many calls"},
		{errors.New("broken rule"), codes.Unknown, nil, "broken rule"},
		{status.Error(codes.Unavailable, "the author's own service"), codes.Unknown, nil, "the author's own service"},
		{errors.New("\xff" + strings.Repeat("x", 1<<20)), codes.Unknown, nil, "\ufffdxxx"},
		{hook.Unreachable(errors.New("no route")), codes.Unavailable, nil, "unreachable: no route"},
	} {
		sent := ToStatus(c.err)
		if status.Code(sent) != c.code {
			t.Errorf("%v became %s, want %s", c.err, status.Code(sent), c.code)
		}
		got := FromStatus(sent)
		if c.is != nil && !errors.Is(got, c.is) || !strings.Contains(got.Error(), c.text) || len(got.Error()) > 2*maxText {
			t.Errorf("%.100v came back as %.100v", c.err, got)
		}
		if unbegun(got) != unbegun(c.err) {
			t.Errorf("%.100v came back as %.100v", c.err, got)
		}
		if _, refused := hook.AsRefusal(got); refused || hook.IsUnreachable(got) != hook.IsUnreachable(c.err) {
			t.Errorf("%.100v came back as %.100v", c.err, got)
		}
	}
	if ToStatus(nil) != nil || FromStatus(nil) != nil {
		t.Error("nothing is an error")
	}
}

func TestRefusalsCross(t *testing.T) {
	for _, err := range []error{
		hook.Refuse("sorry, 日本", map[string]string{"a1": "late"}), hook.Refuse("", nil), hook.Invalid("no"),
		fmt.Errorf("wrapped: %w", hook.Refuse("in it", nil)), hook.Refuse("bad \xff text", map[string]string{"\xff": "\xfe"}),
	} {
		want, _ := hook.AsRefusal(err)
		got, ok := hook.AsRefusal(FromStatus(ToStatus(err)))
		if !ok || got.GetReason() != strings.ToValidUTF8(want.GetReason(), "\ufffd") || got.GetInvalid() != want.GetInvalid() ||
			len(got.GetPlayerReasons()) != len(want.GetPlayerReasons()) || got.GetPlayerReasons()["a1"] != want.GetPlayerReasons()["a1"] {
			t.Errorf("%v came back as %v", err, got)
		}
	}
}

// TestBrokenConnections holds that what gRPC says is never what a hook said.
func TestBrokenConnections(t *testing.T) {
	err := FromStatus(status.Error(codes.Unavailable, "connection reset"))
	if !errors.Is(err, ErrBroken) || hook.IsUnreachable(err) {
		t.Error(err)
	}
	if _, refused := hook.AsRefusal(FromStatus(status.Error(codes.FailedPrecondition, "no detail"))); refused {
		t.Error("a refusal without its detail")
	}
	if err := FromStatus(status.Error(codes.Unimplemented, "unknown service")); !errors.Is(err, ErrNotServed) {
		t.Error(err)
	}
	if err := FromStatus(status.Error(codes.ResourceExhausted, "too large")); err == nil || err.Error() != "ResourceExhausted: too large" {
		t.Error(err)
	}
}

// TestUnreadAnswers holds that what gRPC says of answers is told from what hooks say.
func TestUnreadAnswers(t *testing.T) {
	of := func(code codes.Code, message string, details ...*anypb.Any) error {
		p := status.New(code, message).Proto()
		p.Details = details
		return status.FromProto(p).Err()
	}
	refusal, err := anypb.New(&hook.Refusal{Reason: "no"})
	if err != nil {
		t.Fatal(err)
	}
	rubble, unknown := &anypb.Any{TypeUrl: refusal.GetTypeUrl(), Value: []byte{0xff}}, &anypb.Any{TypeUrl: "type.googleapis.com/none"}
	for _, c := range []struct {
		err  error
		code string
	}{
		{of(codes.ResourceExhausted, "grpc: received message larger than max (9 vs. 1)"), TooLarge},
		{of(codes.Internal, "peer header list size exceeded limit"), TooLarge},
		{of(codes.ResourceExhausted, "the quota is used up"), ""},
		{of(codes.Internal, "grpc: failed to unmarshal the received message: x"), Malformed},
		{of(codes.Unknown, "transport: malformed grpc-status: x"), Malformed},
		{of(codes.Internal, "stream terminated by RST_STREAM with error code: INTERNAL_ERROR"), Malformed},
		{of(codes.Unavailable, "stream terminated by RST_STREAM with error code: REFUSED_STREAM"), ""},
		{of(codes.DeadlineExceeded, "stream terminated by RST_STREAM with error code: CANCEL"), ""},
		{of(codes.Internal, "the database is on fire"), ""},
		{of(codes.FailedPrecondition, "no", rubble), Malformed},
		{of(codes.Unavailable, "no", unknown), Malformed},
		{of(codes.FailedPrecondition, "no", unknown, refusal), ""},
		{of(codes.FailedPrecondition, "no"), ""},
		{of(codes.Unknown, "no", rubble), ""},
	} {
		got := FromStatus(c.err)
		var unread *UnreadError
		if is := errors.As(got, &unread); is != (c.code != "") || is && unread.BadAnswer() != c.code {
			t.Errorf("%v came as %v, want %q", c.err, got, c.code)
		}
	}
	if _, refused := hook.AsRefusal(FromStatus(of(codes.FailedPrecondition, "no", unknown, refusal))); !refused {
		t.Error("a refusal with more details is none")
	}
	long := ToStatus(hook.Refuse(strings.Repeat("x", 1<<20), map[string]string{"a1": strings.Repeat("y", 1<<20)}))
	if n := proto.Size(status.Convert(long).Proto()); n > 4*maxText {
		t.Errorf("a refusal of %d bytes", n)
	}
}
