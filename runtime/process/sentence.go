package process

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/sdk/plugin/wire"
)

// sentence is why we ended a process that ran.
type sentence struct{ cause error }

// overdue is the cause of an end that is no crash.
type overdue struct{ by time.Duration }

func (e *overdue) Error() string {
	return fmt.Sprintf("it was ended because a call had not come back %s after its deadline", e.by)
}

func isOverdue(cause error) bool {
	var late *overdue
	return errors.As(cause, &late)
}

// End ends the process that runs, if it is the one of that id: it died, of why.
func (p *Process) End(pid int, why error) {
	if i := p.current.Load(); i != nil && i.pid() == pid {
		p.condemn(i, why)
	}
}

// condemn ends a process. Calls that come meanwhile wait for the next one.
func (p *Process) condemn(i *instance, cause error) {
	if !i.sentence.CompareAndSwap(nil, &sentence{cause}) {
		return
	}
	p.suspect(i) // before anybody can hear of its end
	i.child.kill()
}

// outgoing is the context of a call as it is sent.
func (p *Process) outgoing(ctx context.Context, number uint64) context.Context {
	ctx = wire.SendCall(ctx)
	if p.opts.Again {
		ctx = wire.SendNumber(ctx, number)
	}
	return ctx
}

// carry makes the call. With a grace it outlives its deadline by that, unless the
// caller goes before: a process that keeps it for longer is ended.
func (p *Process) carry(ctx context.Context, i *instance, number uint64, method string, request, response proto.Message) error {
	deadline, bounded := ctx.Deadline()
	if p.opts.Grace <= 0 || !bounded {
		return i.sentenced(wire.FromStatus(i.link.conn.Invoke(p.outgoing(ctx, number), method, request, response)))
	}
	last := deadline.Add(p.opts.Grace)
	late, cancel := context.WithDeadline(context.WithoutCancel(ctx), last.Add(p.opts.Grace))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) {
			cancel()
		}
	})()
	defer time.AfterFunc(time.Until(last), func() {
		p.condemn(i, &overdue{p.opts.Grace})
		cancel()
	}).Stop()
	err := wire.FromStatus(i.link.conn.Invoke(p.outgoing(late, number), method, request, response))
	if err != nil && !time.Now().Before(last) && ctx.Err() != nil {
		return ctx.Err()
	}
	return i.sentenced(err)
}

// sentenced says of a broken connection why we broke it, if we did.
func (i *instance) sentenced(err error) error {
	if s := i.sentence.Load(); s != nil && errors.Is(err, wire.ErrBroken) {
		return fmt.Errorf("%w: %w", wire.ErrBroken, s.cause)
	}
	return err
}
