package script

import (
	"errors"
	"strings"

	"github.com/dop251/goja"

	"github.com/muster-gg/muster/runtime/script/fetch"
	"github.com/muster-gg/muster/sdk/hook"
)

// makeError makes an Error of the script's machine.
func (m *machine) makeError(message string) *goja.Object {
	o, err := m.vm.New(m.newError, m.vm.ToValue(message))
	if err != nil {
		panic(err)
	}
	return o
}

// codes are the code properties of errors that methods of ctx throw.
var codes = map[error]string{
	hook.ErrConflict: "conflict", hook.ErrInvalidKey: "invalid_key", hook.ErrInvalidValue: "invalid_value",
	hook.ErrNoScope: "no_account", hook.ErrInvalidNotice: "invalid_notice",
}

// hostError makes the error that a method of ctx throws; stack is where it was
// called, nil for here.
func (m *machine) hostError(err error, stack []goja.StackFrame) *goja.Object {
	message, code := textOf(err), codeOf(err)
	o := m.makeError(message)
	if code != "" {
		_ = o.Set("code", code)
	}
	if stack != nil {
		_ = o.Set("stack", stackText("Error: "+message, stack))
	}
	return o
}

// textOf is what a script reads of an error of the platform.
func textOf(err error) string {
	var fetched *fetch.Error
	if errors.As(err, &fetched) {
		return fetched.Text
	}
	return strings.TrimPrefix(err.Error(), "hook: ")
}

// codeOf is the code that a script tells it by, if it has one.
func codeOf(err error) string {
	var fetched *fetch.Error
	if errors.As(err, &fetched) {
		return fetched.Code
	}
	for known, code := range codes {
		if errors.Is(err, known) {
			return code
		}
	}
	return ""
}
