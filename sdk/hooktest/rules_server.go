package hooktest

import (
	"context"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/sdk/hook"
)

// Authenticate believes every token.
func (Rules) Authenticate(ctx context.Context, request *hook.AuthRequest) (*hook.Identity, error) {
	word, _ := isText(request.GetFields()["do"])
	if err := mood(ctx, word); err != nil {
		return nil, err
	}
	if word == "nothing" {
		return nil, nil
	}
	token, ok := isText(request.GetFields()["token"])
	if !ok {
		return nil, hook.Invalid("a token is needed")
	}
	if word == "only" {
		return &hook.Identity{Subject: token}, nil
	}
	username, _ := isText(request.GetFields()["username"])
	avatar, _ := isText(request.GetFields()["avatar"])
	return &hook.Identity{
		Provider: request.GetProvider(), Subject: token, Username: username, AvatarUrl: avatar,
		Vars: map[string]string{"game": request.GetGame(), "address": request.GetRemoteAddress(), "fields": fmt.Sprint(len(request.GetFields()))},
	}, nil
}

// Allocate finds the server in the payload.
func (Rules) Allocate(ctx context.Context, request *hook.AllocateRequest) (*hook.Server, error) {
	if err := mood(ctx, request.GetRegion()); err != nil {
		return nil, err
	}
	if request.GetRegion() == "nothing" {
		return nil, nil
	}
	var payload struct {
		Address string
		Port    int32
	}
	if err := json.Unmarshal([]byte(request.GetPayload()), &payload); err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s/%s/%d", request.GetGame(), request.GetMatchId(), request.GetTimeout())
	return &hook.Server{Name: name, Address: payload.Address, Port: payload.Port}, nil
}

// Release tells the watcher.
func (Rules) Release(ctx context.Context, request *hook.ReleaseRequest) error {
	if err := mood(ctx, request.GetMatchId()); err != nil {
		return err
	}
	return tell(ctx, "release", request)
}

// HandleEvent tells the watcher what happened.
func (Rules) HandleEvent(ctx context.Context, event *hook.Event) error {
	if err := mood(ctx, event.GetSessionOpened().GetUsername()); err != nil {
		return err
	}
	m := event.ProtoReflect()
	kind := m.WhichOneof(m.Descriptor().Oneofs().ByName("kind"))
	if kind == nil {
		return nil
	}
	return tell(ctx, fmt.Sprintf("%s at %d", kind.JSONName(), event.GetAt()), m.Get(kind).Message().Interface())
}

// watcher is the account that Rules tells about events.
const watcher = "watcher"

func tell(ctx context.Context, kind string, m proto.Message) error {
	payload, err := hook.ValueToJSON(view(m))
	if err != nil {
		return err
	}
	return hook.HostFrom(ctx).Notify(ctx, watcher, kind, payload)
}
