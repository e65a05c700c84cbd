package process

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/muster-gg/muster/sdk/plugin/wire"
)

// tellIn is how long the call that ended a process is kept to be told how it ended.
const tellIn = 100 * time.Millisecond

var errClosed = errors.New("its connection was closed")

// LostError is what a call fails with whose process died. It is a wire.ErrBroken.
type LostError struct {
	kind   string
	guilty bool
	acted  bool
	cause  error
}

// Error is a sentence for operators.
func (e *LostError) Error() string {
	why := strings.TrimPrefix(e.cause.Error(), wire.ErrBroken.Error()+": ")
	switch {
	case e.guilty:
		return fmt.Sprintf("the call ended the %s's process: %s", e.kind, why)
	case e.acted:
		return fmt.Sprintf("the %s's process ended: %s; the call may have changed something, so it is not made again", e.kind, why)
	}
	return fmt.Sprintf("the %s's process ended: %s", e.kind, why)
}

// Unwrap returns the cause.
func (e *LostError) Unwrap() error { return e.cause }

// Crashed tells whoever asked that the call itself ended the process: no other was
// under way in it.
func (e *LostError) Crashed() bool { return e.guilty }

// again says that nobody would see if the call were made again.
func (e *LostError) again() bool { return !e.guilty && !e.acted }

// lostCall is the error of a call whose process died.
func (p *Process) lostCall(ctx context.Context, i *instance, c *call, acted bool, err error) error {
	p.mu.Lock()
	guilty := i.fate != nil && i.fate.guilty == c
	p.mu.Unlock()
	if guilty && p.opts.Again {
		err = i.lastWords(ctx, err)
	}
	return &LostError{kind: p.opts.Kind, guilty: guilty, acted: acted, cause: p.failed(err)}
}

// lastWords is err with how the process ended, if that is known in a moment.
func (i *instance) lastWords(ctx context.Context, err error) error {
	ctx, cancel := context.WithTimeout(ctx, tellIn)
	defer cancel()
	select {
	case <-i.child.exited:
		return fmt.Errorf("%w: %w", wire.ErrBroken, i.dead())
	case <-ctx.Done():
		return err
	}
}

// failed keeps secrets out of a failure's text.
func (p *Process) failed(err error) error {
	text := err.Error()
	if clean := p.logs.clean(text); clean != text {
		return &cleaned{clean, err}
	}
	return err
}

type cleaned struct {
	text string
	err  error
}

func (e *cleaned) Error() string { return e.text }

// Is keeps errors apart as before; the cause itself is not handed out.
func (e *cleaned) Is(target error) bool { return errors.Is(e.err, target) }

// BadAnswer is the code of an answer that was not taken, empty for other failures.
func (e *cleaned) BadAnswer() string {
	var unread *wire.UnreadError
	if errors.As(e.err, &unread) {
		return unread.BadAnswer()
	}
	return ""
}
