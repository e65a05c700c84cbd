package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
)

// hostClient is the platform as a plugin sees it, for one game.
type hostClient struct {
	rpc  pluginpb.HostClient
	game string
}

var (
	_ hook.Host    = (*hostClient)(nil)
	_ hook.Storage = (*hostClient)(nil)
)

// NewHost returns the platform behind conn, for one game.
func NewHost(conn grpc.ClientConnInterface, game string) hook.Host {
	return &hostClient{pluginpb.NewHostClient(conn), game}
}

func (h *hostClient) Storage() hook.Storage { return h }

func (h *hostClient) Notify(ctx context.Context, accountID, kind string, payload json.RawMessage) error {
	_, err := h.rpc.Notify(passNumber(ctx), &pluginpb.NotifyRequest{Game: h.game, AccountId: accountID, Kind: kind, Payload: payload})
	return hostError(err)
}

func (h *hostClient) Get(ctx context.Context, scope string, keys ...string) ([]hook.Entry, error) {
	out, err := h.rpc.StorageGet(passNumber(ctx), &pluginpb.StorageGetRequest{Game: h.game, Scope: scope, Keys: keys})
	if err != nil {
		return nil, hostError(err)
	}
	return fromEntries(out), nil
}

func (h *hostClient) Set(ctx context.Context, scope, key string, value json.RawMessage, when hook.Version) (hook.Version, error) {
	out, err := h.rpc.StorageSet(passNumber(ctx), &pluginpb.StorageSetRequest{
		Game: h.game, Scope: scope, Key: key, Value: value, When: int64(when),
	})
	return hook.Version(out.GetVersion()), hostError(err)
}

func (h *hostClient) Delete(ctx context.Context, scope, key string, when hook.Version) error {
	_, err := h.rpc.StorageDelete(passNumber(ctx), &pluginpb.StorageDeleteRequest{Game: h.game, Scope: scope, Key: key, When: int64(when)})
	return hostError(err)
}

func (h *hostClient) List(ctx context.Context, scope, prefix, after string, limit int) ([]hook.Entry, error) {
	out, err := h.rpc.StorageList(passNumber(ctx), &pluginpb.StorageListRequest{
		Game: h.game, Scope: scope, Prefix: prefix, After: after, Limit: int32(max(0, min(limit, hook.MaxListed))),
	})
	if err != nil {
		return nil, hostError(err)
	}
	return fromEntries(out), nil
}

// Effect tells the platform that the call of ctx is about to change something which
// the platform does not see. Where the call has no platform there is nobody to tell.
func Effect(ctx context.Context) error {
	h, ok := hook.HostFrom(ctx).(*hostClient)
	if !ok {
		return nil
	}
	_, err := h.rpc.Effect(passNumber(ctx), &pluginpb.EffectRequest{Game: h.game})
	return hostError(err)
}

// hostError is the other end of hostStatus.
func hostError(err error) error {
	if err == nil {
		return nil
	}
	s := status.Convert(err)
	var same error
	for _, k := range known {
		if k.code != s.Code() {
			continue
		}
		if k.err.Error() == s.Message() {
			return k.err
		}
		same = k.err
	}
	switch s.Code() {
	case codes.PermissionDenied, codes.Aborted, codes.NotFound:
		return fmt.Errorf("%w (%s)", same, text(s.Message()))
	case codes.DeadlineExceeded:
		return fmt.Errorf("%w: %s", context.DeadlineExceeded, text(s.Message()))
	case codes.Canceled:
		return fmt.Errorf("%w: %s", context.Canceled, text(s.Message()))
	case codes.Unknown:
		return errors.New(text(s.Message()))
	}
	return fmt.Errorf("the platform: %s: %s", s.Code(), text(s.Message()))
}
