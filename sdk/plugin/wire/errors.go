package wire

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
)

// maxText bounds the text of an error that is no refusal.
const maxText = 4 << 10

// Errors of a connection that hooks never return.
var (
	// ErrBroken says that the other end is gone.
	ErrBroken = errors.New("the connection to the plugin broke")
	// ErrNotServed says that a plugin does not serve what it said it serves.
	ErrNotServed = errors.New("the plugin does not serve this point, although it says so")
)

// ToStatus turns what a hook returned into a gRPC status.
func ToStatus(err error) error {
	if err == nil {
		return nil
	}
	if refusal, is := hook.AsRefusal(err); is {
		return detailed(codes.FailedPrecondition, text(refusal.GetReason()), valid(refusal))
	}
	switch {
	case hook.IsUnreachable(err):
		return detailed(codes.Unavailable, text(err.Error()), &hook.Outage{Cause: text(err.Error())})
	case errors.Is(err, hook.ErrUnknownRpc):
		return status.Error(codes.NotFound, text(err.Error()))
	case unbegun(err):
		return status.Error(codes.Aborted, text(err.Error()))
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, text(err.Error()))
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, text(err.Error()))
	}
	return status.Error(codes.Unknown, text(err.Error()))
}

// UnbegunError is the error of a call that its host had no room for.
type UnbegunError struct{ said string }

func (e *UnbegunError) Error() string { return e.said }

// Unavailable says that the call never began.
func (e *UnbegunError) Unavailable() bool { return true }

// unbegun says that a call never began.
func unbegun(err error) bool {
	var host interface{ Unavailable() bool }
	return errors.As(err, &host) && host.Unavailable()
}

func detailed(code codes.Code, text string, detail protoadapt.MessageV1) error {
	s, err := status.New(code, text).WithDetails(detail)
	if err != nil {
		return status.Error(codes.Internal, err.Error())
	}
	return s.Err()
}

// valid returns the refusal in valid UTF-8, which the wire demands, and no longer than
// anybody is shown, which keeps it within MaxHeaders.
func valid(r *hook.Refusal) *hook.Refusal {
	out := &hook.Refusal{Reason: text(r.GetReason()), Invalid: r.GetInvalid()}
	for id, reason := range r.GetPlayerReasons() {
		if out.PlayerReasons == nil {
			out.PlayerReasons = make(map[string]string, len(r.GetPlayerReasons()))
		}
		out.PlayerReasons[strings.ToValidUTF8(id, "\ufffd")] = text(reason)
	}
	return out
}

func text(s string) string {
	if len(s) > maxText {
		s = s[:maxText] + "…"
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

// FromStatus is the other end of ToStatus: refusals and outages come back as they
// were, other errors as their text. What gRPC itself says of a connection that
// broke is ErrBroken, never an outage of something behind the plugin; what it says of
// an answer that it does not take is an *UnreadError.
func FromStatus(err error) error {
	if err == nil {
		return nil
	}
	s, ok := status.FromError(err)
	if !ok {
		return err
	}
	said := text(s.Message())
	if code := unread(s); code != "" {
		return &UnreadError{code, said}
	}
	switch s.Code() {
	case codes.FailedPrecondition:
		if r, has := detail[*hook.Refusal](s); has {
			return hook.RefusalOf(r)
		}
	case codes.Unavailable:
		if o, has := detail[*hook.Outage](s); has {
			return hook.Unreachable(errors.New(strings.TrimPrefix(text(o.GetCause()), "unreachable: ")))
		}
		return fmt.Errorf("%w: %s", ErrBroken, said)
	case codes.NotFound:
		return hook.ErrUnknownRpc
	case codes.DeadlineExceeded:
		return fmt.Errorf("%w: %s", context.DeadlineExceeded, said)
	case codes.Canceled:
		return fmt.Errorf("%w: %s", context.Canceled, said)
	case codes.Aborted:
		return &UnbegunError{said}
	case codes.Unimplemented:
		return fmt.Errorf("%w: %s", ErrNotServed, said)
	case codes.Unknown:
		return errors.New(said)
	}
	return fmt.Errorf("%s: %s", s.Code(), said)
}

func detail[T any](s *status.Status) (T, bool) {
	for _, d := range s.Details() {
		if v, is := d.(T); is {
			return v, true
		}
	}
	var none T
	return none, false
}

// BadSetting is an error of Configure that is about one setting.
type BadSetting struct{ Name, Problem string }

// Error is a sentence for operators.
func (e *BadSetting) Error() string { return fmt.Sprintf("the setting %s %s", e.Name, e.Problem) }

// SettingError turns the status of Configure into an error: a *BadSetting if it is
// about one.
func SettingError(err error) error {
	s, ok := status.FromError(err)
	if !ok || s.Code() != codes.InvalidArgument {
		return FromStatus(err)
	}
	if d, has := detail[*pluginpb.BadSetting](s); has {
		return &BadSetting{text(d.GetName()), text(d.GetProblem())}
	}
	return errors.New(text(s.Message()))
}
