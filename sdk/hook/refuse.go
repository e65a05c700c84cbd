package hook

import (
	"errors"
	"fmt"
)

// RefusalError is the error that Refuse and Invalid return: an answer, no failure.
type RefusalError struct{ refusal *Refusal }

var _ error = (*RefusalError)(nil)

// Error is the form for logs.
func (e *RefusalError) Error() string { return "refused: " + e.refusal.GetReason() }

// Refusal returns what players are told. It must not be changed.
func (e *RefusalError) Refusal() *Refusal { return e.refusal }

// Refuse says no. Players are shown the reason; playerReasons, which may be nil,
// are shown to single players instead, by account id. Any other error that a hook
// returns is a failure of the hook.
func Refuse(reason string, playerReasons map[string]string) error {
	return &RefusalError{&Refusal{Reason: reason, PlayerReasons: playerReasons}}
}

// Invalid refuses because the request itself is malformed: a field is missing or
// is not what it must be. Over REST that is 400 where Refuse is 401 or 409.
func Invalid(reason string) error {
	return &RefusalError{&Refusal{Reason: reason, Invalid: true}}
}

// RefusalOf turns a refusal that came as a message into an error. Hosts call it.
func RefusalOf(r *Refusal) error { return &RefusalError{r} }

// AsRefusal returns the refusal inside err, false if err is none.
func AsRefusal(err error) (*Refusal, bool) {
	var e *RefusalError
	if errors.As(err, &e) && e != nil {
		return e.refusal, true
	}
	return nil, false
}

// Err turns a decision into an error: nil if it allows, else its refusal. Hosts
// use it whose hooks answer with messages. No decision allows.
func (x *Decision) Err() error {
	if x == nil || x.GetAllow() {
		return nil
	}
	return Refuse(x.GetReason(), x.GetPlayerReasons())
}

// UnreachableError is the error that Unreachable returns.
type UnreachableError struct{ cause error }

var _ error = (*UnreachableError)(nil)

// Error is the form for logs.
func (e *UnreachableError) Error() string { return "unreachable: " + e.cause.Error() }

// Unwrap returns the cause.
func (e *UnreachableError) Unwrap() error { return e.cause }

// Unreachable says that a service which the hook needs does not answer. It is a
// failure that is not the hook's own: a sign-in is answered with
// provider_unreachable. Over gRPC it is UNAVAILABLE with an Outage detail.
func Unreachable(cause error) error {
	if cause == nil {
		cause = errors.New("no answer")
	}
	return &UnreachableError{cause}
}

// IsUnreachable reports whether err was made by Unreachable.
func IsUnreachable(err error) bool {
	var e *UnreachableError
	return errors.As(err, &e)
}

// ErrUnknownRpc is what an RpcHandler returns for a name that it does not serve:
// the next one is asked, and in the end the caller is told 404. Over gRPC it is
// NOT_FOUND.
var ErrUnknownRpc = fmt.Errorf("hook: no rpc of that name")
