package hooks

import (
	"context"

	"github.com/muster-gg/muster/sdk/hook"
)

// Rpc asks the rpc handlers in their order until one has a function of the
// request's name, and returns its answer, whose payload may be absent. Errors are
// those of BeforeLobbyCreate, and ErrUnknownRpc when no hook has that function.
func (r *Runner) Rpc(ctx context.Context, request *hook.RpcRequest) (*hook.RpcResponse, error) {
	if request.GetName() == "" || checkText("name", request.GetName(), maxName) != nil {
		return nil, ErrUnknownRpc
	}
	s, err := r.enter(ctx, hook.PointRpc)
	if s == nil {
		if err == nil {
			err = ErrUnknownRpc
		}
		return nil, err
	}
	defer s.users.out()
	player := request.GetPlayer().GetAccountId()
	var last *failure
	for _, h := range s.points[hook.PointRpc] {
		impl, given := h.Impl.(hook.RpcHandler), own(h, request)
		v := (&job[*hook.RpcResponse]{
			r: r, h: h, users: &s.users, known: knowing(nil, player), rpc: request.GetName(),
			call: func(ctx context.Context) (*hook.RpcResponse, error) {
				response, err := impl.Rpc(ctx, given)
				return own(h, response), err
			},
			check: checkResponse,
		}).ask(ctx)
		switch {
		case v.err != nil:
			return nil, shownTo(player, v.err)
		case v.answered && v.value == nil:
			return &hook.RpcResponse{}, nil // no answer is null
		case v.answered:
			return v.value, nil
		case v.failed != nil:
			last = v.failed
		}
		if v.builtin {
			break // there is no built-in function
		}
	}
	if last != nil {
		return nil, last.fault()
	}
	return nil, ErrUnknownRpc
}

func checkResponse(response *hook.RpcResponse) *failure {
	if response.GetPayload() == nil {
		return nil
	}
	data, err := hook.ValueToJSON(response.GetPayload())
	if err != nil {
		return broken("bad_value", "payload: %w", err)
	}
	if len(data) > maxPayloadBytes {
		return broken("too_large", "payload has over %d bytes", maxPayloadBytes)
	}
	return nil
}
