package process

import (
	"errors"
	"fmt"
	"time"

	"github.com/muster-gg/muster/sdk/plugin/wire"
)

// ErrDown is what every *DownError is.
var ErrDown = errors.New("process: the plugin is not running")

// DownError is what a call fails with while there is no process to call.
type DownError struct {
	// Name is the plugin's in the config.
	Name string
	// Kind is what it is called: "plugin".
	Kind  string
	State State
	// Next is when it is started again; zero: at once, or never, as State says.
	Next time.Time
	// Cause is why it is down.
	Cause error
}

// Error is a sentence for operators.
func (e *DownError) Error() string {
	kind := e.Kind
	if kind == "" {
		kind = "plugin"
	}
	switch {
	case e.State == Closed:
		return fmt.Sprintf("the %s %s was stopped", kind, e.Name)
	case e.State == Quarantined:
		return fmt.Sprintf("the %s %s died too often and is not started again until it is reloaded: %v", kind, e.Name, e.Cause)
	case e.Next.IsZero():
		return fmt.Sprintf("the %s %s is being started again: %v", kind, e.Name, e.Cause)
	}
	return fmt.Sprintf("the %s %s is started again at %s: %v", kind, e.Name, e.Next.Format("15:04:05.000"), e.Cause)
}

// Is makes it an ErrDown.
func (e *DownError) Is(target error) bool { return target == ErrDown }

// Unwrap returns the cause.
func (e *DownError) Unwrap() error { return e.Cause }

// Unavailable tells whoever asked that the call never began.
func (e *DownError) Unavailable() bool { return true }

// BadSetting is why a start failed when the plugin did not take one of its
// settings; Start's error wraps it.
type BadSetting = wire.BadSetting

// ChecksumError is why a start failed when the program's file is not the one that
// was meant, or nobody said which is.
type ChecksumError struct {
	Path string
	// Want is what the config says, empty if nothing; Have is the file's.
	Want, Have string
}

// Error is a sentence for operators, with the line to paste.
func (e *ChecksumError) Error() string {
	if e.Want == "" {
		return fmt.Sprintf("%s has no checksum in the config, which production mode demands. If this is the file that you trust, write sha256 = %q", e.Path, e.Have)
	}
	return fmt.Sprintf("%s is not the file that the config trusts: its sha256 is %q, the config says %q", e.Path, e.Have, e.Want)
}
