package hooktest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/sdk/hook"
)

// overBytes is a host that carries messages as bytes.
type overBytes struct{}

func (overBytes) Invoke(ctx context.Context, p hook.Point, request, response proto.Message) error {
	sent, err := proto.Marshal(request)
	if err != nil {
		return err
	}
	received := p.NewRequest()
	if err := proto.Unmarshal(sent, received); err != nil {
		return err
	}
	answer, err := p.Dispatch(ctx, Rules{}, received)
	if err != nil {
		return err
	}
	if sent, err = proto.Marshal(answer); err != nil {
		return err
	}
	return proto.Unmarshal(sent, response)
}

func TestOverBytes(t *testing.T) {
	host := NewHost()
	Exercise(t, func(*testing.T) Hosted {
		return Hosted{Impl: hook.Remote{Invoker: overBytes{}}, Points: hook.Points(), Host: host}
	})
}

// FuzzRoundTrip holds that a request of any point has the same answer, error,
// notices and entries when it is carried as bytes as when the hook is called.
func FuzzRoundTrip(f *testing.F) {
	points := hook.Points()
	for n := range points {
		f.Add(uint8(n), []byte(nil))
	}
	for _, g := range groups() {
		for _, c := range g.cases {
			data, err := proto.Marshal(c.request)
			if err != nil {
				f.Fatal(err)
			}
			if len(data) < 4<<10 {
				f.Add(uint8(slices.Index(points, g.point)), data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, data []byte) {
		p := points[int(n)%len(points)]
		request := p.NewRequest()
		if err := proto.Unmarshal(data, request); err != nil {
			return
		}
		before := proto.Clone(request)
		native, remote := Hosted{Impl: Rules{}, Host: NewHost()}, Hosted{Impl: hook.Remote{Invoker: overBytes{}}, Host: NewHost()}
		answer, err := native.call(t, p, request)
		again, errAgain := remote.call(t, p, request)
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(errAgain, context.DeadlineExceeded) {
			return // a hook that was told to wait
		}
		if r, ok := again.(*hook.RpcResponse); ok && err == nil && !hook.Answered(answer) && isNull(r.GetPayload()) {
			again = answer
		}
		if kind(err) != kind(errAgain) || !proto.Equal(answer, again) {
			t.Fatalf("%s answered\n\t%v, %v\nand over bytes\n\t%v, %v", p, answer, err, again, errAgain)
		}
		remote.sent(t, native.Host.Notices())
		if !proto.Equal(request, before) {
			t.Fatalf("the request became\n\t%v\nwant\n\t%v", request, before)
		}
	})
}

func (h Hosted) call(t *testing.T, p hook.Point, request proto.Message) (proto.Message, error) {
	ctx, cancel := h.context(t.Context(), p, time.Second)
	defer cancel()
	return p.Dispatch(ctx, h.Impl, request)
}

// kind tells errors apart as hosts do.
func kind(err error) string {
	refusal, refused := hook.AsRefusal(err)
	switch {
	case err == nil:
		return "none"
	case refused:
		return "refusal " + refusal.String()
	case hook.IsUnreachable(err):
		return "unreachable"
	case errors.Is(err, hook.ErrUnknownRpc):
		return "unknown"
	}
	return "failure"
}
