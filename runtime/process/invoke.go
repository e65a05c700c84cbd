package process

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

// Invoke carries one call to the process. When the process dies meanwhile, it fails
// at once with wire.ErrBroken. While there is none it fails with a *DownError: at
// once, unless the process is being started again just now, which takes some tens
// of milliseconds and is waited for.
func (p *Process) Invoke(ctx context.Context, point hook.Point, request, response proto.Message) error {
	i, err := p.enter(ctx)
	if err != nil {
		return err
	}
	defer p.calls.Done()
	method, ok := wire.Method(point)
	if !ok {
		return fmt.Errorf("process: there is no extension point %q", point)
	}
	err = p.carry(ctx, i, method, request, response)
	if err == nil || isAnswer(err) {
		return err
	}
	if errors.Is(err, wire.ErrBroken) {
		p.suspect(i)
	}
	return p.failed(err)
}

// enter begins a call. p.calls.Done ends it.
func (p *Process) enter(ctx context.Context) (*instance, error) {
	i, soon, err := p.try()
	if soon == nil {
		return i, err
	}
	patience := time.NewTimer(p.opts.Timing.Patience)
	defer patience.Stop()
	select {
	case <-soon:
	case <-patience.C:
	case <-ctx.Done():
		return nil, err
	}
	i, _, err = p.try()
	return i, err
}

// try is enter without waiting; soon is closed when it is worth another try.
func (p *Process) try() (_ *instance, soon <-chan struct{}, _ error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		return nil, nil, &DownError{Name: p.opts.Name, Kind: p.opts.Kind, State: Closed}
	}
	if i := p.current.Load(); i != nil {
		p.calls.Add(1)
		return i, nil, nil
	}
	if p.soon != nil {
		soon = p.soon
	}
	return nil, soon, p.down.Load()
}

// suspect takes a process out of use whose connection broke under a call, and lets
// the supervisor look at it, which may not have seen its end yet.
func (p *Process) suspect(i *instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current.Load() != i {
		return
	}
	p.down.Store(&DownError{Name: p.opts.Name, Kind: p.opts.Kind, State: Restarting, Cause: wire.ErrBroken})
	p.current.Store(nil)
	p.soon = make(chan struct{})
	select {
	case p.suspects <- struct{}{}:
	default:
	}
}

// use makes i the process to call, nil for none; soon says that there is one again
// in a moment. Whoever waits for that looks again when it is no longer so.
func (p *Process) use(i *instance, soon bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current.Store(i)
	switch {
	case soon && p.soon == nil:
		p.soon = make(chan struct{})
	case !soon && p.soon != nil:
		close(p.soon)
		p.soon = nil
	}
}

// isAnswer says that an error is what the hook wanted to say.
func isAnswer(err error) bool {
	_, refused := hook.AsRefusal(err)
	return refused || hook.IsUnreachable(err) || errors.Is(err, hook.ErrUnknownRpc)
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
