package hooks

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/sdk/hook"
)

// outcome is how a call went, for logs and metrics.
type outcome string

const (
	outcomeOK        outcome = "ok"
	outcomeRefused   outcome = "refused"
	outcomeFailed    outcome = "failed"
	outcomeInvalid   outcome = "invalid" // the answer breaks a rule
	outcomeTimeout   outcome = "timeout"
	outcomeCancelled outcome = "cancelled" // the caller went away
)

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
	// err is what the caller gets, a *fault.Error; nothing else happens then.
	err error
}

// ask makes one call of one hook and checks its answer. known are those whom a
// refusal may give reasons of their own.
func ask[T any](ctx context.Context, r *Runner, h *served, p hook.Point, known people,
	call func(context.Context) (T, error), check func(T) *failure,
) verdict[T] {
	if !r.begin() {
		return verdict[T]{err: fault.TryAgain.With(errClosed)}
	}
	began := time.Now()
	got := run(ctx, r, h, p, call)
	how, refusal, failed := outcomeOK, (*hook.Refusal)(nil), (*failure)(nil)
	switch {
	case got.err == nil:
		if failed = check(got.value); failed != nil {
			how = outcomeInvalid
		}
	case ctx.Err() != nil:
		how = outcomeCancelled
	default:
		if refusal, failed = classify(p, got.err); failed == nil {
			how = outcomeRefused
		} else if how = outcomeFailed; failed.code == codeTimeout {
			how = outcomeTimeout
		}
	}
	r.report(h, p, how, time.Since(began), failed, got.stack)
	switch how {
	case outcomeOK:
		return verdict[T]{value: got.value, answered: true}
	case outcomeCancelled:
		return verdict[T]{err: fault.TryAgain.With(ctx.Err())}
	case outcomeRefused:
		return verdict[T]{err: refused(refusal, known)}
	}
	switch h.policy(p) {
	case hook.FailRefuse:
		return verdict[T]{err: failed.fault()}
	case hook.FailBuiltin:
		return verdict[T]{builtin: true}
	}
	return verdict[T]{}
}

var errClosed = errors.New("the hooks of this game were closed")

// classify tells a refusal from a failure.
func classify(p hook.Point, err error) (*hook.Refusal, *failure) {
	var failed *failure
	if errors.As(err, &failed) {
		return nil, failed
	}
	if refusal, is := hook.AsRefusal(err); is {
		if info, _ := p.Info(); info.MayRefuse {
			return refusal, nil
		}
		return nil, &failure{codeNoRefusal, err}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, &failure{codeTimeout, err}
	}
	return nil, &failure{codeError, err}
}

// run calls the hook on a goroutine of its own and stops waiting at the deadline.
// Runner.begin was called; run undoes it.
func run[T any](ctx context.Context, r *Runner, h *served, p hook.Point, call func(context.Context) (T, error)) answer[T] {
	if h.abandoned.Load() >= maxAbandoned {
		r.calls.Done()
		return answer[T]{err: &failure{codeStuck, fmt.Errorf("%d calls have not ended since their deadline", maxAbandoned)}}
	}
	ctx, cancel := context.WithTimeout(hook.WithCall(ctx, hook.Call{Game: r.game, Point: p, Hook: h.Name}), h.Timeout)
	defer cancel()
	// Of the goroutine and its caller, the first to set over decides whether the
	// answer still counts. Capacity one: who sends never waits.
	var over atomic.Bool
	answers := make(chan answer[T], 1)
	go func() {
		defer r.calls.Done()
		got := answer[T]{err: &failure{codePanic, errors.New("the hook ended its goroutine")}}
		defer func() {
			if v := recover(); v != nil {
				got = answer[T]{err: &failure{codePanic, fmt.Errorf("%v", v)}, stack: debug.Stack()}
			}
			if over.CompareAndSwap(false, true) {
				answers <- got
				return
			}
			r.metrics.left(r.game, h, h.abandoned.Add(-1))
		}()
		value, err := call(ctx)
		got = answer[T]{value: value, err: err}
	}()
	select {
	case got := <-answers:
		return got
	case <-ctx.Done():
	}
	left := h.abandoned.Add(1)
	if !over.CompareAndSwap(false, true) {
		h.abandoned.Add(-1)
		return <-answers
	}
	r.metrics.left(r.game, h, left)
	return answer[T]{err: ctx.Err()}
}

// report writes the line and the sample of one call.
func (r *Runner) report(h *served, p hook.Point, how outcome, took time.Duration, failed *failure, stack []byte) {
	r.metrics.called(r.game, h, p, how, took)
	level := zap.DebugLevel
	switch how {
	case outcomeRefused:
		level = zap.InfoLevel
	case outcomeFailed, outcomeInvalid, outcomeTimeout:
		level = zap.WarnLevel
	}
	line := r.log.Check(level, "hook called")
	if line == nil {
		return
	}
	fields := []zap.Field{
		zap.String("game", r.game), zap.String("point", string(p)), zap.String("hook", h.Name), zap.String("host", h.Host),
		zap.String("version", h.Version), zap.Duration("took", took), zap.String("outcome", string(how)),
	}
	if failed != nil {
		fields = append(fields, zap.String("code", failed.code), zap.String("policy", string(h.policy(p))))
		if failed.cause != nil {
			fields = append(fields, zap.String("error", clean(failed.cause.Error(), maxErrorText)))
		}
	}
	if stack != nil {
		fields = append(fields, zap.ByteString("stack", stack))
	}
	line.Write(fields...)
}

// own is a message for one hook alone: a copy unless the hook is isolated. Nil
// stays nil.
func own[M proto.Message](h *served, m M) M {
	if h.Isolated || !m.ProtoReflect().IsValid() {
		return m
	}
	return proto.CloneOf(m)
}
