package hooktest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/sdk/hook"
)

// late is how long after its end a call may return, on a busy machine.
const late = 5 * time.Second

// deadline holds that a call returns soon after its context ended, as a failure,
// and that the next one works.
func (h Hosted) deadline(t *testing.T) {
	for _, word := range []string{"wait", "wait later"} {
		waiting := &hook.ValidateStartRequest{Lobby: twoTeams(word, []string{"a1"}, []string{"b1"})}
		for name, end := range map[string]func(context.Context) (context.Context, context.CancelFunc){
			"is over": func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, 100*time.Millisecond)
			},
			"caller leaves": func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				timer := time.AfterFunc(50*time.Millisecond, cancel)
				return ctx, func() { timer.Stop(); cancel() }
			},
		} {
			t.Run(word+", "+name, func(t *testing.T) {
				ctx, cancel := h.context(t.Context(), hook.PointValidateStart, callTime)
				defer cancel()
				short, stop := end(ctx)
				defer stop()
				begun := time.Now()
				answer, err := hook.PointValidateStart.Dispatch(short, h.Impl, waiting)
				fails("")(t, answer, err)
				if took := time.Since(begun); took > late {
					t.Errorf("it took %v", took)
				}
				ready := &hook.ValidateStartRequest{Lobby: twoTeams("", []string{"a1"}, []string{"b1"})}
				answer, err = hook.PointValidateStart.Dispatch(ctx, h.Impl, ready)
				answers(&hook.Decision{Allow: true})(t, answer, err)
			})
		}
	}
}

// atOnce holds that calls side by side get their own answers, and that what they
// count together is right.
func (h Hosted) atOnce(t *testing.T) {
	const callers, rounds = 8, 10
	h.Host.Reset()
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for j := range rounds {
				text := fmt.Sprintf("%d/%d", i, j)
				h.mine(t, hook.PointBeforeChat,
					&hook.BeforeChatRequest{Lobby: &hook.Lobby{}, Message: &hook.ChatMessage{Text: text}},
					&hook.ChatMessage{Text: fmt.Sprint(len(text), " [/0] : ", text, " ()")})
				h.mine(t, hook.PointRpc, call("later", text), &hook.RpcResponse{Payload: value(text)})
				h.mine(t, hook.PointRpc, call("count", nil), nil)
			}
		})
	}
	wg.Wait()
	found, err := h.Host.Get(t.Context(), "", "count")
	if err != nil || len(found) != 1 || string(found[0].Value) != fmt.Sprint(callers*rounds) {
		t.Errorf("counted %v, %v", found, err)
	}
}

// mine makes one of many calls; nil wants any answer.
func (h Hosted) mine(t *testing.T, p hook.Point, request, want proto.Message) {
	ctx, cancel := h.context(t.Context(), p, callTime)
	defer cancel()
	answer, err := p.Dispatch(ctx, h.Impl, request)
	if err != nil || want != nil && !proto.Equal(answer, want) {
		t.Errorf("%s answered %v, %v, want %v", p, answer, err, want)
	}
}
