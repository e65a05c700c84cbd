package hooks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/sdk/hook"
)

// TestEveryCallHasASpan also holds that the hook's own spans stand below it, and
// that a log line names the rpc.
func TestEveryCallHasASpan(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	tracer := provider.Tracer("test")
	var out bytes.Buffer
	log := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(&out), zap.DebugLevel))
	answers := []error{nil, hook.Refuse("no", nil), errors.New("database\non " + strings.Repeat("fire", 1000)), hook.ErrUnknownRpc}
	var inner trace.SpanContext
	i := 0
	h := hookOf("h", rules{rpc: func(ctx context.Context, _ *hook.RpcRequest) (*hook.RpcResponse, error) {
		inner = trace.SpanContextFromContext(ctx)
		i++
		return &hook.RpcResponse{Payload: structpb.NewBoolValue(true)}, answers[i-1]
	}})
	r := newRunner(t, hooks.Options{Hooks: []hooks.Hook{h}, Tracer: tracer, Logger: log})
	for range answers {
		ctx, request := tracer.Start(t.Context(), "POST /rpc/buy")
		_, _ = r.Rpc(ctx, &hook.RpcRequest{Name: "buy"})
		request.End()
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, outcome := range []string{"ok", "refused", "failed", "unknown"} {
		span, request := spans.Ended()[2*i], spans.Ended()[2*i+1]
		got := attribute.NewSet(span.Attributes()...)
		for key, want := range map[attribute.Key]string{
			"muster.game": "arena", "muster.point": "rpc", "muster.hook": "h", "muster.host": "test", "muster.version": "1",
			"muster.rpc": "buy", "muster.outcome": outcome,
		} {
			if v, _ := got.Value(key); v.AsString() != want {
				t.Errorf("%s: %s is %q, want %q", outcome, key, v.AsString(), want)
			}
		}
		if span.Name() != "hook rpc" || span.Parent().SpanID() != request.SpanContext().SpanID() {
			t.Errorf("%s: %s below %v", outcome, span.Name(), span.Parent())
		}
		if text := span.Status().Description; (text != "") != (outcome == "failed") || len(text) > 1100 || strings.Contains(text, "\n") {
			t.Errorf("%s: status %q", outcome, text)
		}
		var line map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &line); err != nil || line["rpc"] != "buy" || line["outcome"] != outcome {
			t.Errorf("%s: %v %v", outcome, line, err)
		}
	}
	if last := spans.Ended()[6].SpanContext(); inner.SpanID() != last.SpanID() || inner.TraceID() != last.TraceID() {
		t.Error("the hook's context is not its span's")
	}
}

// TestWhatAHookPutsIntoItsErrorStaysBounded wherever the error goes.
func TestWhatAHookPutsIntoItsErrorStaysBounded(t *testing.T) {
	h := hookOf("h", rules{validate: func(context.Context, *hook.Lobby) error {
		return errors.New(strings.Repeat("\x1b[31m\n", 1<<20))
	}})
	text := run(t, h).ValidateStart(t.Context(), twoTeams()).Error()
	if len(text) > 1200 || strings.ContainsAny(text, "\x1b\n") {
		t.Errorf("%d bytes: %.100q", len(text), text)
	}
}

// TestTracingIsFreeWhenNobodyListens compares allocations.
func TestTracingIsFreeWhenNobodyListens(t *testing.T) {
	h := hookOf("h", rules{validate: func(context.Context, *hook.Lobby) error { return nil }})
	h.Isolated = true
	allocations := func(tracer trace.Tracer) float64 {
		r, l := newRunner(t, hooks.Options{Hooks: []hooks.Hook{h}, Tracer: tracer}), twoTeams()
		return testing.AllocsPerRun(200, func() { _ = r.ValidateStart(context.Background(), l) })
	}
	if none, quiet := allocations(nil), allocations(noop.NewTracerProvider().Tracer("test")); quiet > none {
		t.Errorf("%v allocations with a silent tracer, %v without", quiet, none)
	}
}

// platform is a host that a hook can tell from others.
type platform struct{ hook.Host }

func TestHooksMayAskThePlatform(t *testing.T) {
	host := &platform{}
	var got hook.Host
	h := hookOf("h", rules{validate: func(ctx context.Context, _ *hook.Lobby) error {
		got = hook.HostFrom(ctx)
		return nil
	}})
	if err := newRunner(t, hooks.Options{Hooks: []hooks.Hook{h}, Host: host}).ValidateStart(t.Context(), twoTeams()); err != nil || got != host {
		t.Errorf("%v %v", got, err)
	}
	if err := run(t, h).ValidateStart(t.Context(), twoTeams()); err != nil || got == nil || got == host {
		t.Errorf("nobody offers one: %v %v", got, err)
	}
}

func TestAnEmptyAnswerIsNone(t *testing.T) {
	r := run(t, policy(hookOf("h", rules{
		create:  func(context.Context, *hook.LobbyDraft) (*hook.LobbyDraft, error) { return &hook.LobbyDraft{}, nil },
		join:    func(context.Context, *hook.Lobby, *hook.Player) (*hook.Player, error) { return &hook.Player{}, nil },
		balance: func(context.Context, *hook.Lobby) (*hook.Assignment, error) { return &hook.Assignment{}, nil },
		payload: func(context.Context, *hook.Lobby, *hook.Payload) (*hook.Payload, error) { return &hook.Payload{}, nil },
		result:  func(context.Context, *hook.Match, *hook.Report) (*hook.Report, error) { return &hook.Report{}, nil },
		chat: func(context.Context, *hook.Lobby, *hook.ChatMessage) (*hook.ChatMessage, error) {
			return &hook.ChatMessage{}, nil
		},
	}), hook.FailRefuse))
	for p, err := range callAll(t, r) { // which holds that nothing was changed
		if err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
}
