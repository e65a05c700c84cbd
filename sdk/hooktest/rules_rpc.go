package hooktest

import (
	"context"
	"encoding/json"
	"errors"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
)

// RpcNames are the names that Rpc serves.
func (Rules) RpcNames() []string {
	return []string{"count", "echo", "größe", "later", "mood", "nothing", "null", "storage", "whoami"}
}

// Rpc serves a few names.
func (Rules) Rpc(ctx context.Context, request *hook.RpcRequest) (*hook.RpcResponse, error) {
	var answer *structpb.Value
	var err error
	switch request.GetName() {
	case "echo", "later":
		if request.GetPayload() != nil {
			answer = copied(request.GetPayload())
		}
	case "größe":
		text, _ := isText(request.GetPayload())
		answer = structpb.NewNumberValue(float64(len([]rune(text))))
	case "whoami":
		call := hook.CallFrom(ctx)
		answer = structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{
			"game": structpb.NewStringValue(call.Game), "point": structpb.NewStringValue(string(call.Point)),
			"player": view(request.GetPlayer()),
		}})
	case "mood":
		word, _ := isText(request.GetPayload())
		answer, err = structpb.NewStringValue("calm"), mood(ctx, word)
	case "count":
		answer, err = count(ctx)
	case "storage":
		answer, err = runSteps(ctx, request.GetPayload())
	case "null":
		answer = structpb.NewNullValue()
	case "nothing":
		return nil, nil
	default:
		return nil, hook.ErrUnknownRpc
	}
	if err != nil {
		return nil, err
	}
	return &hook.RpcResponse{Payload: answer}, nil
}

// count adds 1 to a number in the storage, however many do so at once.
func count(ctx context.Context) (*structpb.Value, error) {
	storage := hook.HostFrom(ctx).Storage()
	for {
		found, err := storage.Get(ctx, "", "count")
		if err != nil {
			return nil, err
		}
		n, version := 0.0, hook.NoVersion
		if len(found) > 0 {
			version = found[0].Version
			if err := json.Unmarshal(found[0].Value, &n); err != nil {
				return nil, err
			}
		}
		text, err := json.Marshal(n + 1)
		if err != nil {
			return nil, err
		}
		if _, err = storage.Set(ctx, "", "count", text, version); err == nil {
			return structpb.NewNumberValue(n + 1), nil
		}
		if !errors.Is(err, hook.ErrConflict) {
			return nil, err
		}
	}
}
