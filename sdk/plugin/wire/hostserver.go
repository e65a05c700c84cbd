package wire

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
)

// HostServer serves the service Host from the platform as Go code sees it.
type HostServer struct {
	pluginpb.UnimplementedHostServer
	host func(game string) (hook.Host, bool)
}

var _ pluginpb.HostServer = (*HostServer)(nil)

// NewHostServer serves the games for which host says true.
func NewHostServer(host func(game string) (hook.Host, bool)) *HostServer {
	return &HostServer{host: host}
}

func (s *HostServer) of(game string) (hook.Host, error) {
	h, ok := s.host(game)
	if !ok {
		return nil, status.Error(codes.PermissionDenied, fmt.Sprintf("the game %q does not use this plugin", game))
	}
	return h, nil
}

// StorageGet is hook.Storage.Get.
func (s *HostServer) StorageGet(ctx context.Context, r *pluginpb.StorageGetRequest) (*pluginpb.StorageEntries, error) {
	h, err := s.of(r.GetGame())
	if err != nil {
		return nil, err
	}
	entries, err := h.Storage().Get(ctx, r.GetScope(), r.GetKeys()...)
	return toEntries(entries), hostStatus(err)
}

// StorageSet is hook.Storage.Set.
func (s *HostServer) StorageSet(ctx context.Context, r *pluginpb.StorageSetRequest) (*pluginpb.StorageSetResponse, error) {
	h, err := s.of(r.GetGame())
	if err != nil {
		return nil, err
	}
	version, err := h.Storage().Set(ctx, r.GetScope(), r.GetKey(), r.GetValue(), hook.Version(r.GetWhen()))
	return &pluginpb.StorageSetResponse{Version: int64(version)}, hostStatus(err)
}

// StorageDelete is hook.Storage.Delete.
func (s *HostServer) StorageDelete(ctx context.Context, r *pluginpb.StorageDeleteRequest) (*pluginpb.StorageDeleteResponse, error) {
	h, err := s.of(r.GetGame())
	if err != nil {
		return nil, err
	}
	err = h.Storage().Delete(ctx, r.GetScope(), r.GetKey(), hook.Version(r.GetWhen()))
	return &pluginpb.StorageDeleteResponse{}, hostStatus(err)
}

// StorageList is hook.Storage.List.
func (s *HostServer) StorageList(ctx context.Context, r *pluginpb.StorageListRequest) (*pluginpb.StorageEntries, error) {
	h, err := s.of(r.GetGame())
	if err != nil {
		return nil, err
	}
	entries, err := h.Storage().List(ctx, r.GetScope(), r.GetPrefix(), r.GetAfter(), int(r.GetLimit()))
	return toEntries(entries), hostStatus(err)
}

// Notify is hook.Host.Notify.
func (s *HostServer) Notify(ctx context.Context, r *pluginpb.NotifyRequest) (*pluginpb.NotifyResponse, error) {
	h, err := s.of(r.GetGame())
	if err != nil {
		return nil, err
	}
	return &pluginpb.NotifyResponse{}, hostStatus(h.Notify(ctx, r.GetAccountId(), r.GetKind(), r.GetPayload()))
}

// Effect is for whoever counts the calls: here it has no meaning.
func (s *HostServer) Effect(context.Context, *pluginpb.EffectRequest) (*pluginpb.EffectResponse, error) {
	return &pluginpb.EffectResponse{}, nil
}

func toEntries(entries []hook.Entry) *pluginpb.StorageEntries {
	out := &pluginpb.StorageEntries{Entries: make([]*pluginpb.StorageEntry, len(entries))}
	for i, e := range entries {
		out.Entries[i] = &pluginpb.StorageEntry{Key: e.Key, Value: e.Value, Version: int64(e.Version), UpdatedAt: e.UpdatedAt.UnixMilli()}
	}
	return out
}

// known are the errors of the platform that hooks tell apart. Of those with one
// code the text decides.
var known = []struct {
	code codes.Code
	err  error
}{
	{codes.Aborted, hook.ErrConflict},
	{codes.InvalidArgument, hook.ErrInvalidKey},
	{codes.InvalidArgument, hook.ErrInvalidValue},
	{codes.InvalidArgument, hook.ErrInvalidNotice},
	{codes.NotFound, hook.ErrNoScope},
	{codes.PermissionDenied, hook.ErrNoHost},
}

func hostStatus(err error) error {
	if err == nil {
		return nil
	}
	for _, k := range known {
		if errors.Is(err, k.err) {
			return status.Error(k.code, k.err.Error())
		}
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, "the platform did not answer in time")
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, "the call ended")
	}
	return status.Error(codes.Unknown, text(err.Error()))
}

func fromEntries(in *pluginpb.StorageEntries) []hook.Entry {
	out := make([]hook.Entry, len(in.GetEntries()))
	for i, e := range in.GetEntries() {
		out[i] = hook.Entry{
			Key: e.GetKey(), Value: e.GetValue(), Version: hook.Version(e.GetVersion()),
			UpdatedAt: time.UnixMilli(e.GetUpdatedAt()).UTC(),
		}
	}
	return out
}
