package hook

import "errors"

// RefusalError is the error that Refuse returns: an answer, no failure.
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
