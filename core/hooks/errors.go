package hooks

import (
	"fmt"

	"github.com/muster-gg/muster/core/fault"
)

// What players are told. A refusal carries the hook's own text, and a
// hook.RefusalError as its cause, which has the reasons for single players. A
// failure has what the hook returned among its causes.
var (
	ErrRefused     = fault.New("refused_by_hook", "Refused by the rules of the game")
	ErrFailed      = fault.New("hook_failed", "The rules of the game failed, please try again")
	ErrTimeout     = fault.New("hook_timeout", "The rules of the game took too long, please try again")
	ErrUnavailable = fault.New("hook_unavailable", "The rules of the game are not available, please try again")
	// ErrUnknownRpc says that no hook of the game has an rpc of that name.
	ErrUnknownRpc = fault.New("not_found", "Not Found")
	// ErrUnknownProvider says that no hook of the game authenticates for a provider.
	ErrUnknownProvider = fault.New("provider_unknown", "Unknown sign-in provider")
)

// failure is why a call of a hook has no answer that counts. Its code is for logs
// and tests, never for players.
type failure struct {
	code  string
	cause error
}

// Error is one bounded line, whatever the hook put into its error.
func (f *failure) Error() string {
	if text := f.text(); text != "" {
		return f.code + ": " + text
	}
	return f.code
}

func (f *failure) Unwrap() error { return f.cause }

// text is the cause as it may stand in a log.
func (f *failure) text() string {
	if f.cause == nil {
		return ""
	}
	return clean(f.cause.Error(), maxErrorText)
}

// Codes of failures that are not about the content of an answer.
const (
	codeError       = "error"
	codePanic       = "panic"
	codeTimeout     = "timeout"
	codeStuck       = "stuck"
	codeTripped     = "tripped"
	codeUnavailable = "unavailable"
	codeNoRefusal   = "may_not_refuse"
	codeNoAnswer    = "no_answer"
)

// broken is a failure because an answer breaks a rule of the contract.
func broken(code, format string, args ...any) *failure {
	return &failure{code, fmt.Errorf(format, args...)}
}

// outcome is how the call went that failed in this way.
func (f *failure) outcome() outcome {
	switch f.code {
	case codeTimeout:
		return outcomeTimeout
	case codeUnavailable:
		return outcomeUnavailable
	case codeTooLarge, codeMalformed, codeNoRefusal:
		return outcomeInvalid
	case codeTripped:
		return outcomeTripped
	}
	return outcomeFailed
}

// notBegun says that the call surely never reached the hook.
func (f *failure) notBegun() bool {
	return f.code == codeStuck || f.code == codeTripped || f.code == codeUnavailable
}

// fault is what players are told of a failure under the policy "refuse".
func (f *failure) fault() *fault.Error {
	switch f.code {
	case codeTimeout, codeStuck:
		return ErrTimeout.With(f)
	case codeUnavailable, codeTripped:
		return ErrUnavailable.With(f)
	}
	return ErrFailed.With(f)
}
