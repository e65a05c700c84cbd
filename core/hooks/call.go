package hooks

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/sdk/hook"
)

// job is one call of one hook.
type job[T any] struct {
	r *Runner
	h *serving
	// users is the count that the call belongs to.
	users *count
	// known are those whom a refusal may give reasons of their own; nil: nobody.
	known func() people
	// rpc is the name of the called function at that point.
	rpc   string
	call  func(context.Context) (T, error)
	check func(T) *failure

	// Of the hook's goroutine and its caller, the first to set over decides whether
	// the answer still counts.
	over atomic.Bool
	// behind is set before over by a caller who goes on without an answer.
	behind *behind
}

// answer is what a hook's goroutine hands over.
type answer[T any] struct {
	value T
	err   error
	stack []byte // of a panic
}

// verdict is what follows from one call of one hook.
type verdict[T any] struct {
	// value counts when answered.
	value    T
	answered bool
	// builtin says that the built-in rule applies: no other decider is asked.
	builtin bool
	// failed is why there is no answer that counts, whatever the policy says.
	failed *failure
	// err is what the caller gets, a *fault.Error; nothing else happens then.
	err error
}

// ask makes the call and checks its answer.
func (j *job[T]) ask(ctx context.Context) verdict[T] {
	began := time.Now()
	inner, span := j.r.spanOf(ctx, j.h, j.rpc)
	got := j.run(inner)
	how, refusal, failed := outcomeOK, (*hook.Refusal)(nil), (*failure)(nil)
	var flawed *failure
	switch {
	case got.err == nil:
		if failed = j.check(got.value); failed != nil {
			how = outcomeInvalid
		}
	case j.cancelled(ctx):
		how = outcomeCancelled
	case j.h.point == hook.PointRpc && errors.Is(got.err, hook.ErrUnknownRpc):
		how = outcomeUnknown
	default:
		if refusal, failed = classify(j.h, got.err); failed == nil {
			how = outcomeRefused
			flawed = flaw(refusal, j.known)
		} else {
			how = failed.outcome()
		}
	}
	j.r.report(record{h: j.h, rpc: j.rpc, how: how, took: time.Since(began), failed: failed, flawed: flawed, stack: got.stack, span: span})
	switch how {
	case outcomeOK:
		return verdict[T]{value: got.value, answered: true}
	case outcomeUnknown:
		return verdict[T]{}
	case outcomeCancelled:
		return verdict[T]{err: fault.TryAgain.With(ctx.Err())}
	case outcomeRefused:
		return verdict[T]{err: refused(refusal, j.known)}
	}
	v := verdict[T]{failed: failed}
	switch {
	case errors.Is(failed, errOthers): // the function may be another hook's
	case j.h.policy == hook.FailRefuse:
		v.err = failed.fault()
	case j.h.policy == hook.FailBuiltin:
		v.builtin = true
	}
	return v
}

// cancelled reports whether the caller went away. One that waits as long as the
// hook may take has not.
func (j *job[T]) cancelled(ctx context.Context) bool {
	err := ctx.Err()
	return err != nil && !(j.h.patient && errors.Is(err, context.DeadlineExceeded))
}

// classify tells a refusal from a failure.
func classify(h *serving, err error) (*hook.Refusal, *failure) {
	var failed *failure
	if errors.As(err, &failed) {
		return nil, failed
	}
	if refusal, is := hook.AsRefusal(err); is {
		if h.mayRefuse {
			return refusal, nil
		}
		return nil, &failure{codeNoRefusal, err}
	}
	switch {
	case unavailable(err):
		return nil, &failure{codeUnavailable, err}
	case errors.Is(err, context.DeadlineExceeded):
		return nil, &failure{codeTimeout, err}
	case unread(err) != "":
		return nil, &failure{unread(err), err}
	}
	return nil, &failure{codeError, err}
}

// context is what the hook is given, and when its call is late: a caller with less
// time than that is none of its business.
func (j *job[T]) context(ctx context.Context) (_ context.Context, due time.Time, _ context.CancelFunc) {
	ctx = hook.WithCall(ctx, hook.Call{Game: j.r.game, Point: j.h.point, Hook: j.h.Name})
	if j.r.host != nil {
		ctx = hook.WithHost(ctx, j.r.host)
	}
	due, bounded := ctx.Deadline()
	if !bounded || !j.h.patient {
		due = time.Now().Add(j.h.Timeout)
	}
	ctx, cancel := context.WithDeadline(ctx, due)
	return ctx, due, cancel
}

// run calls the hook on a goroutine of its own and stops waiting at the deadline.
// Somebody is counted into users while run lasts.
func (j *job[T]) run(ctx context.Context) answer[T] {
	k := key{j.h.point, j.rpc}
	trial, refused := j.h.breakers.admit(k)
	if refused != nil {
		return answer[T]{err: refused}
	}
	ctx, due, cancel := j.context(ctx)
	defer cancel()
	// Capacity one: who sends never waits.
	answers := make(chan answer[T], 1)
	j.users.in()
	go func() {
		defer j.users.out()
		got := answer[T]{err: errExit}
		defer func() {
			if v := recover(); v != nil {
				got = answer[T]{err: &failure{codePanic, fmt.Errorf("%v", v)}, stack: debug.Stack()}
			}
			if j.over.CompareAndSwap(false, true) {
				answers <- got
				return
			}
			if got.err == nil {
				j.r.metrics.invalid(j.r.game, j.h, codeLate)
			} else {
				j.r.stopped(j.h, j.rpc, got.err)
			}
			j.behind.end(signLate(got.err, due))
			j.r.metrics.left(j.r.game, j.h.served, -1)
		}()
		value, err := j.call(ctx)
		got = answer[T]{value: value, err: err}
	}()
	select {
	case got := <-answers:
		j.h.breakers.ended(k, signOf(ctx, got.err, due), trial)
		return got
	case <-ctx.Done():
	}
	// Counted before the goroutine can count itself out.
	j.behind = j.h.breakers.leave(k, trial, due, j.users)
	j.r.metrics.left(j.r.game, j.h.served, 1)
	if !j.over.CompareAndSwap(false, true) {
		got := <-answers
		j.behind.end(signOf(ctx, got.err, due))
		j.r.metrics.left(j.r.game, j.h.served, -1)
		return got
	}
	return answer[T]{err: ctx.Err()}
}

// errExit is for a hook that leaves its goroutine without an answer.
var errExit = &failure{codePanic, errors.New("the hook ended its goroutine")}

// own is a message for one hook alone: a copy unless the hook is isolated. Nil
// stays nil.
func own[M proto.Message](h *serving, m M) M {
	if h.Isolated || !m.ProtoReflect().IsValid() {
		return m
	}
	return proto.CloneOf(m)
}

// taken is a hook's answer, out of its reach. One in which nothing is set is none.
func taken[M proto.Message](h *serving, m M) M {
	if proto.Size(m) == 0 {
		var none M
		return none
	}
	return own(h, m)
}
