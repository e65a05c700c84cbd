package hooks

import (
	"context"

	"github.com/muster-gg/muster/sdk/hook"
)

// Rpc asks the rpc handlers in their order until one has a function of the
// request's name, and returns its answer, whose payload may be absent. Errors are
// those of BeforeLobbyCreate, and ErrUnknownRpc when no hook has that function.
func (r *Runner) Rpc(ctx context.Context, request *hook.RpcRequest) (*hook.RpcResponse, error) {
	response, _, err := r.rpc(ctx, request)
	return response, err
}

// RpcJSON is Rpc for whoever wants the payload as JSON, which it was written as to be
// checked. One that is absent is null.
func (r *Runner) RpcJSON(ctx context.Context, request *hook.RpcRequest) ([]byte, error) {
	_, payload, err := r.rpc(ctx, request)
	return payload, err
}

// rpc returns the answer and the JSON of its payload.
func (r *Runner) rpc(ctx context.Context, request *hook.RpcRequest) (*hook.RpcResponse, []byte, error) {
	if request.GetName() == "" || checkText("name", request.GetName(), maxName) != nil {
		return nil, nil, ErrUnknownRpc
	}
	s, err := r.enter(ctx, hook.PointRpc)
	if s == nil {
		if err == nil {
			err = ErrUnknownRpc
		}
		return nil, nil, err
	}
	defer s.users.out()
	player := request.GetPlayer().GetAccountId()
	var last *failure
	var payload []byte
	for _, h := range s.points[hook.PointRpc] {
		impl, given := h.Impl.(hook.RpcHandler), own(h, request)
		v := (&job[*hook.RpcResponse]{
			r: r, h: h, users: &s.users, known: knowing(nil, player), rpc: request.GetName(),
			call: func(ctx context.Context) (*hook.RpcResponse, error) {
				response, err := impl.Rpc(ctx, given)
				return own(h, response), err
			},
			check: func(response *hook.RpcResponse) (flaw *failure) {
				payload, flaw = payloadOf(response)
				return flaw
			},
		}).ask(ctx)
		switch {
		case v.err != nil:
			return nil, nil, shownTo(player, v.err)
		case v.answered && v.value == nil:
			return &hook.RpcResponse{}, payload, nil // no answer is null
		case v.answered:
			return v.value, payload, nil
		case v.failed != nil:
			last = v.failed
		}
		if v.builtin {
			break // there is no built-in function
		}
	}
	if last != nil {
		return nil, nil, last.fault()
	}
	return nil, nil, ErrUnknownRpc
}

// payloadOf checks an answer's payload and returns it as JSON.
func payloadOf(response *hook.RpcResponse) ([]byte, *failure) {
	data, code, err := jsonOf(response.GetPayload())
	if err != nil {
		return nil, broken(code, "payload: %w", err)
	}
	if len(data) > maxPayloadBytes {
		return nil, broken(codeTooLarge, "payload has over %d bytes", maxPayloadBytes)
	}
	return data, nil
}
