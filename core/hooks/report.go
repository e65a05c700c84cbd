package hooks

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
)

// outcome is how a call went, for logs, metrics and traces.
type outcome string

const (
	outcomeOK          outcome = "ok"
	outcomeRefused     outcome = "refused"
	outcomeUnknown     outcome = "unknown" // an rpc of another hook, or of none
	outcomeFailed      outcome = "failed"
	outcomeInvalid     outcome = "invalid" // the answer breaks a rule
	outcomeTimeout     outcome = "timeout"
	outcomeUnavailable outcome = "unavailable" // its host is down
	outcomeTripped     outcome = "tripped"     // its breaker is open: it was not called
	outcomeCancelled   outcome = "cancelled"   // the caller went away
)

// record is what there is to say of one call.
type record struct {
	h      *serving
	rpc    string
	how    outcome
	took   time.Duration
	failed *failure
	flawed *failure // what was wrong with a refusal
	stack  []byte
	span   trace.Span // nil: not traced
}

// spanOf starts the call's span. Without a tracer it costs nothing.
func (r *Runner) spanOf(ctx context.Context, h *serving, rpc string) (context.Context, trace.Span) {
	if r.tracer == nil {
		return ctx, nil
	}
	ctx, span := r.tracer.Start(ctx, h.span, h.start)
	if rpc != "" {
		span.SetAttributes(attribute.String("muster.rpc", rpc))
	}
	return ctx, span
}

// report writes the line and the sample of one call, and ends its span.
func (r *Runner) report(c record) {
	r.metrics.called(r.game, c.h, c.how, c.took)
	switch {
	case c.how == outcomeInvalid:
		r.metrics.invalid(r.game, c.h, c.failed.code)
	case c.flawed != nil:
		r.metrics.invalid(r.game, c.h, c.flawed.code)
	}
	if c.span != nil {
		c.end()
	}
	level := zap.DebugLevel
	switch c.how {
	case outcomeRefused:
		level = zap.InfoLevel
	case outcomeFailed, outcomeInvalid, outcomeTimeout, outcomeUnavailable:
		level = zap.WarnLevel
	}
	line := r.log.Check(level, "hook called")
	if line == nil {
		return
	}
	fields := []zap.Field{
		zap.String("game", r.game), zap.String("point", string(c.h.point)), zap.String("hook", c.h.Name), zap.String("host", c.h.Host),
		zap.String("version", c.h.Version), zap.Duration("took", c.took), zap.String("outcome", string(c.how)),
	}
	if c.rpc != "" {
		fields = append(fields, zap.String("rpc", c.rpc))
	}
	if c.failed != nil {
		fields = append(fields, zap.String("code", c.failed.code), zap.String("policy", string(c.h.policy)))
		if text := c.failed.text(); text != "" {
			fields = append(fields, zap.String("error", text))
		}
	}
	if c.flawed != nil {
		fields = append(fields, zap.String("code", c.flawed.code), zap.String("flaw", c.flawed.text()))
	}
	if c.stack != nil {
		fields = append(fields, zap.ByteString("stack", c.stack))
	}
	line.Write(fields...)
}

// stopped writes where a call stood that was left behind at its deadline, as far as
// its host says so: its line was written when that was not known.
func (r *Runner) stopped(h *serving, rpc string, err error) {
	failed := &failure{codeTimeout, err}
	text := failed.text()
	if text == context.DeadlineExceeded.Error() || text == context.Canceled.Error() {
		return
	}
	fields := []zap.Field{
		zap.String("game", r.game), zap.String("point", string(h.point)), zap.String("hook", h.Name), zap.String("host", h.Host),
		zap.String("version", h.Version), zap.String("error", text),
	}
	if rpc != "" {
		fields = append(fields, zap.String("rpc", rpc))
	}
	r.log.Warn("a call was stopped after its deadline", fields...)
}

func (c record) end() {
	c.span.SetAttributes(attribute.String("muster.outcome", string(c.how)))
	if c.failed != nil {
		c.span.SetStatus(codes.Error, c.failed.Error())
	}
	c.span.End()
}
