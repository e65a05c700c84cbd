package wire

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

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
