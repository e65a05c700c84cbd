package plugin

import (
	"context"
	"errors"
	"reflect"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

func hasMethod(p Plugin, name string) bool {
	_, ok := reflect.TypeOf(p).MethodByName(name)
	return ok
}

// register puts the plugin's services on a gRPC server: Plugin, and one for each
// point.
func (s *server) register(to grpc.ServiceRegistrar) {
	pluginpb.RegisterPluginServer(to, s)
	for _, p := range s.points {
		info, _ := p.Info()
		to.RegisterService(&grpc.ServiceDesc{
			ServiceName: info.Service,
			HandlerType: (*any)(nil),
			Methods:     []grpc.MethodDesc{{MethodName: info.Method, Handler: s.handler(p, "/"+info.Service+"/"+info.Method)}},
		}, s)
	}
}

// handler serves the calls of one point.
func (s *server) handler(p hook.Point, method string) grpc.MethodHandler {
	return func(_ any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
		request := p.NewRequest()
		if err := decode(request); err != nil {
			return nil, err
		}
		if intercept == nil {
			return s.call(ctx, p, request)
		}
		return intercept(ctx, request, &grpc.UnaryServerInfo{Server: s, FullMethod: method}, func(ctx context.Context, r any) (any, error) {
			return s.call(ctx, p, r.(proto.Message))
		})
	}
}

func (s *server) call(ctx context.Context, p hook.Point, request proto.Message) (response proto.Message, err error) {
	ready := s.ready.Load()
	if ready == nil {
		return nil, status.Error(codes.Unknown, "the plugin is not configured, or was stopped")
	}
	ctx = wire.ReceiveCall(ctx, p)
	if ready.conn != nil {
		ctx = hook.WithHost(ctx, wire.NewHost(ready.conn, hook.CallFrom(ctx).Game))
	}
	err = s.guard(string(p), func() error {
		response, err = p.Dispatch(ctx, s.impl, request)
		return err
	})
	if err != nil {
		return nil, wire.ToStatus(err)
	}
	return response, nil
}

// settingStatus is how Configure says no: with the setting, if it is about one.
func settingStatus(err error) error {
	said := status.New(codes.InvalidArgument, strings.ToValidUTF8(err.Error(), "\ufffd"))
	var bad *badSetting
	if !errors.As(err, &bad) {
		return said.Err()
	}
	detailed, failed := said.WithDetails(&pluginpb.BadSetting{
		Name: strings.ToValidUTF8(bad.name, "\ufffd"), Problem: strings.ToValidUTF8(bad.problem, "\ufffd"),
	})
	if failed != nil {
		return said.Err()
	}
	return detailed.Err()
}
