// Package plugintest runs a plugin in its author's tests: through the same gRPC
// as in production, with its settings, but without a process of its own.
package plugintest

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/hooktest"
	"github.com/muster-gg/muster/sdk/plugin"
	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

// Game is the game of a call whose context names none.
const Game = "arena"

// Client calls a plugin. It has the methods of every point; those of points that
// the plugin does not serve fail. Of a context's hook.Call it passes on the game
// and the hook's name.
type Client struct {
	hook.Remote
	// Description is what the plugin says of itself.
	Description *pluginpb.DescribeResponse
	// Host is the platform that the plugin's calls reach with hook.HostFrom.
	Host *hooktest.Host
}

// Start serves p until the end of the test, with the settings of a config block:
// strings, bools, numbers, durations, []string and map[string]string. A plugin that
// does not take them fails the test.
func Start(t testing.TB, p plugin.Plugin, settings map[string]any) *Client {
	t.Helper()
	c, err := start(t, p, settings)
	if err != nil {
		t.Fatalf("plugintest: %v", err)
	}
	return c
}

// StartError is for settings that p must not take: it returns what the operator is
// told, and fails the test if p takes them.
func StartError(t testing.TB, p plugin.Plugin, settings map[string]any) error {
	t.Helper()
	_, err := start(t, p, settings)
	if err == nil {
		t.Fatal("plugintest: the plugin took these settings")
	}
	return err
}

func start(t testing.TB, p plugin.Plugin, settings map[string]any) (*Client, error) {
	t.Helper()
	host := hooktest.NewHost()
	values, err := toStruct(settings)
	if err != nil {
		return nil, err
	}
	platform, err := serve(t, func(to grpc.ServiceRegistrar) error {
		pluginpb.RegisterHostServer(to, wire.NewHostServer(func(string) (hook.Host, bool) { return host, true }))
		return nil
	})
	if err != nil {
		return nil, err
	}
	conn, err := serve(t, func(to grpc.ServiceRegistrar) error {
		return plugin.Register(to, p, plugin.Info{}, func(uint32) (grpc.ClientConnInterface, error) { return platform, nil })
	})
	if err != nil {
		return nil, err
	}
	rpc := pluginpb.NewPluginClient(conn)
	if _, err := rpc.Describe(t.Context(), &pluginpb.DescribeRequest{HostVersion: "test"}); err != nil {
		return nil, wire.FromStatus(err)
	}
	if _, err := rpc.Configure(t.Context(), &pluginpb.ConfigureRequest{Settings: values, HostBroker: 1, Development: true}); err != nil {
		return nil, wire.SettingError(err)
	}
	description, err := rpc.Describe(t.Context(), &pluginpb.DescribeRequest{HostVersion: "test"})
	if err != nil {
		return nil, wire.FromStatus(err)
	}
	t.Cleanup(func() {
		if _, err := rpc.Stop(context.Background(), &pluginpb.StopRequest{}); err != nil {
			t.Errorf("plugintest: Stop: %v", wire.FromStatus(err))
		}
	})
	return &Client{Remote: hook.Remote{Invoker: invoker{conn}}, Description: description, Host: host}, nil
}

// serve runs a gRPC server in memory until the test's end.
func serve(t testing.TB, register func(grpc.ServiceRegistrar) error) (*grpc.ClientConn, error) {
	t.Helper()
	server := grpc.NewServer(grpc.MaxRecvMsgSize(wire.MaxMessage))
	if err := register(server); err != nil {
		return nil, err
	}
	listener := bufconn.Listen(1 << 16)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:///plugin", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.HostMessage)))
	t.Cleanup(func() {
		if conn != nil {
			_ = conn.Close()
		}
		server.Stop()
		if err := <-served; err != nil {
			t.Errorf("plugintest: %v", err)
		}
	})
	return conn, err
}

type invoker struct{ conn *grpc.ClientConn }

func (i invoker) Invoke(ctx context.Context, p hook.Point, request, response proto.Message) error {
	call := hook.CallFrom(ctx)
	if call.Game == "" {
		call.Game = Game
	}
	method, _ := wire.Method(p)
	return wire.FromStatus(i.conn.Invoke(wire.SendCall(hook.WithCall(ctx, call)), method, request, response))
}
