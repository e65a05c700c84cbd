package script

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/muster-gg/muster/sdk/hook"
)

// Failed is the error that a call ended with.
type Failed struct {
	Kind FailedKind `json:"kind"`
	// Text is the error without its place in the script, At.
	Text string `json:"text"`
	At   string `json:"at,omitempty"`
	// Refusal is that message, for a refusal.
	Refusal json.RawMessage `json:"refusal,omitempty"`
}

// FailedKind says what an error means.
type FailedKind string

// The kinds of errors.
const (
	FailedRefusal     FailedKind = "refusal" // an answer
	FailedUnreachable FailedKind = "unreachable"
	FailedUnknownRpc  FailedKind = "unknown_rpc"
	FailedTimeout     FailedKind = "timeout"
	FailedError       FailedKind = "error"
)

// FailedOf is the error of a call as a recording has it.
func FailedOf(err error) *Failed {
	if err == nil {
		return nil
	}
	f := &Failed{Kind: FailedError, Text: err.Error()}
	var where *Error
	if errors.As(err, &where) {
		if f.Text = where.Message; len(where.Stack) > 0 {
			f.At = where.Stack[0].String()
		}
	}
	refusal, refused := hook.AsRefusal(err)
	switch {
	case refused:
		f.Kind, f.Text, f.Refusal = FailedRefusal, refusal.GetReason(), written(refusal)
	case hook.IsUnreachable(err):
		f.Kind = FailedUnreachable
	case errors.Is(err, hook.ErrUnknownRpc):
		f.Kind = FailedUnknownRpc
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		f.Kind = FailedTimeout
	}
	return f
}
