package hooks

import (
	"fmt"

	"github.com/muster-gg/muster/core/fault"
)

// What players are told. A refusal carries the hook's own text, and a
// hook.RefusalError as its cause, which has the reasons for single players.
var (
	ErrRefused = fault.New("refused_by_hook", "Refused by the rules of the game")
	ErrFailed  = fault.New("hook_failed", "The rules of the game failed, please try again")
	ErrTimeout = fault.New("hook_timeout", "The rules of the game took too long, please try again")
)

// failure is why a call of a hook has no answer that counts. Its code is for logs
// and tests, never for players.
type failure struct {
	code  string
	cause error
}

func (f *failure) Error() string {
	if f.cause == nil {
		return f.code
	}
	return f.code + ": " + f.cause.Error()
}

func (f *failure) Unwrap() error { return f.cause }

// Codes of failures that are not about the content of an answer.
const (
	codeError     = "error"
	codePanic     = "panic"
	codeTimeout   = "timeout"
	codeStuck     = "stuck"
	codeNoRefusal = "may_not_refuse"
)

// broken is a failure because an answer breaks a rule of the contract.
func broken(code, format string, args ...any) *failure {
	return &failure{code, fmt.Errorf(format, args...)}
}

// fault is what players are told of a failure under the policy "refuse".
func (f *failure) fault() *fault.Error {
	if f.code == codeTimeout || f.code == codeStuck {
		return ErrTimeout.With(f)
	}
	return ErrFailed.With(f)
}
