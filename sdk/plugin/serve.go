package plugin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/muster-gg/muster/sdk/plugin/wire"
)

// workers are goroutines that serve call after call: their stacks have grown
// already. When all are busy a call gets one of its own.
const workers = 4

// Serve is the whole main function of a plugin: it serves p to the Muster that
// started the process, and does not return. Started by hand, the process says what
// it is and how config.hcl uses it.
func Serve(p Plugin, info ...Info) {
	s, err := newServer(p, first(info), logger())
	if err != nil {
		fmt.Fprintln(os.Stderr, "plugin:", err)
		os.Exit(1)
	}
	if os.Getenv(wire.EnvCookie) != wire.Cookie {
		fmt.Fprint(os.Stderr, s.manual())
		os.Exit(1)
	}
	endWithParent()
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig:  wire.Handshake(),
		VersionedPlugins: map[int]goplugin.PluginSet{wire.Version: {wire.Set: &glue{server: s, stderr: os.Stderr}}},
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(o, grpc.MaxRecvMsgSize(wire.MaxMessage), grpc.NumStreamWorkers(workers))...)
		},
		Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, JSONFormat: true, Output: os.Stderr}),
	})
	os.Exit(0)
}

// Register puts p on a gRPC server, as Serve does: for tests that have no process.
// dial reaches the platform by the id that Configure is told; nil: never.
func Register(to grpc.ServiceRegistrar, p Plugin, info Info, dial func(id uint32) (grpc.ClientConnInterface, error)) error {
	s, err := newServer(p, info, logger())
	if err != nil {
		return err
	}
	s.dial = dial
	s.register(to)
	return nil
}

func first(info []Info) Info {
	if len(info) == 0 {
		return Info{}
	}
	return info[0]
}

// logger writes what the server reads: lines of JSON on standard error.
func logger() hclog.Logger {
	level := hclog.LevelFromString(os.Getenv(wire.EnvLogLevel))
	if level == hclog.NoLevel {
		level = hclog.Debug
	}
	return hclog.New(&hclog.LoggerOptions{Level: level, JSONFormat: true, Output: os.Stderr})
}

// glue is what go-plugin knows of a plugin.
type glue struct {
	goplugin.NetRPCUnsupportedPlugin
	server *server
	stderr *os.File
}

var _ goplugin.GRPCPlugin = (*glue)(nil)

// GRPCServer registers the plugin's services.
func (g *glue) GRPCServer(broker *goplugin.GRPCBroker, to *grpc.Server) error {
	// go-plugin puts streams of its own in the place of both, which nobody reads.
	g.server.awake = sync.OnceFunc(func() { os.Stdout, os.Stderr = g.stderr, g.stderr })
	g.server.dial = func(id uint32) (grpc.ClientConnInterface, error) {
		return broker.DialWithOptions(id, grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.HostMessage)))
	}
	g.server.register(to)
	return nil
}

// GRPCClient is for hosts.
func (g *glue) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("plugin: this is the side of the plugin")
}
