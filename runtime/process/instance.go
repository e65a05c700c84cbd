package process

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

// instance is one life of a plugin.
type instance struct {
	opts   Options
	logs   *logs
	run    *folder // for its sockets
	child  *child
	client *goplugin.Client
	config *goplugin.ClientConfig
	link   *link
	back   *callbacks
	owner  *Process // nil: it is only asked what it is
	guard  *guard   // of its memory; nil: it is not bounded

	checksum    string
	startedAt   time.Time
	description *pluginpb.DescribeResponse
	points      []hook.Point

	// sentence is why we ended it; nil: we did not.
	sentence atomic.Pointer[sentence]
	book     book
	fate     *fate // nil while it is in use; Process.mu guards it
}

// link is what go-plugin gives once it is connected.
type link struct {
	conn   *grpc.ClientConn
	broker *goplugin.GRPCBroker
}

// launch starts the process and asks it what it is; end must be called, whatever
// launch returns, unless the instance is nil. ctx ends all of it.
func launch(ctx context.Context, o Options, l *logs, owner *Process) (*instance, error) {
	b, err := openBinary(o)
	if err != nil {
		return nil, err
	}
	defer b.file.Close()
	run, err := newFolder()
	if err != nil {
		return nil, err
	}
	l.panicking.Store(false)
	i := &instance{opts: o, logs: l, owner: owner, run: run, checksum: b.sum, startedAt: time.Now()}
	if err := i.connect(ctx, b); err != nil {
		return i, err
	}
	if err := i.describe(ctx); err != nil {
		return i, err
	}
	if err := i.ping(ctx); err != nil {
		return i, i.explain(ctx, err)
	}
	return i, nil
}

// describe asks the process what it is.
func (i *instance) describe(ctx context.Context) error {
	d, err := pluginpb.NewPluginClient(i.link.conn).Describe(ctx, &pluginpb.DescribeRequest{HostVersion: i.opts.HostVersion})
	if err != nil {
		return i.explain(ctx, fmt.Errorf("it does not say what it is: %w", wire.FromStatus(err)))
	}
	i.description = d
	i.points, err = checkDescription(d)
	return err
}

// connect forks, shakes hands and opens the connection.
func (i *instance) connect(ctx context.Context, b *binary) error {
	path, err := openPath(i.run.path, b)
	if err != nil {
		return err
	}
	i.child = newChild(i.opts, b, path, newOutput(i.logs.line, i.accepts))
	i.config = &goplugin.ClientConfig{
		HandshakeConfig:  wire.Handshake(),
		VersionedPlugins: map[int]goplugin.PluginSet{wire.Version: {wire.Set: glue{}}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		AutoMTLS:         !i.opts.Own,
		SkipHostEnv:      true,
		StartTimeout:     i.opts.Timing.Start + time.Second, // ctx ends it before
		Logger:           hclog.NewNullLogger(),
		UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: i.run.path},
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.MaxMessage), grpc.MaxCallSendMsgSize(wire.MaxMessage)),
			grpc.WithMaxHeaderListSize(wire.MaxHeaders),
		},
		RunnerFunc: func(_ hclog.Logger, cmd *exec.Cmd, _ string) (runner.Runner, error) {
			i.child.cmd.Env = environment(i.opts, append(cmd.Env, wire.EnvLogLevel+"="+i.logLevel()))
			return i.child, nil
		},
	}
	i.client = goplugin.NewClient(i.config)
	defer context.AfterFunc(ctx, i.child.kill)()
	i.guardMemory()
	if _, err := i.client.Start(); err != nil {
		return i.explain(ctx, err)
	}
	if !i.child.out.greeting().encrypted {
		// The folder of its socket is ours alone.
		i.config.TLSConfig = nil
	}
	client, err := i.client.Client()
	if err != nil {
		return i.explain(ctx, err)
	}
	got, err := client.Dispense(wire.Set)
	if err != nil {
		return i.explain(ctx, err)
	}
	i.link = got.(*link)
	return nil
}

func (i *instance) logLevel() string {
	if i.opts.Logger.Core().Enabled(zap.DebugLevel) {
		return "debug"
	}
	return "info"
}

// glue is what go-plugin knows of our side.
type glue struct {
	goplugin.NetRPCUnsupportedPlugin
}

var _ goplugin.GRPCPlugin = glue{}

func (glue) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error {
	return errors.New("process: this is the side of the server")
}

func (glue) GRPCClient(_ context.Context, broker *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return &link{conn, broker}, nil
}

// configure hands over the settings. Then the plugin serves.
func (i *instance) configure(ctx context.Context) error {
	r := &pluginpb.ConfigureRequest{Development: i.opts.Development}
	if i.opts.Configure != nil {
		settings, err := i.opts.Configure(i.description.GetSettings())
		if err != nil {
			return err
		}
		r.Settings = settings
		i.logs.hide(secretsOf(i.description.GetSettings(), settings))
	}
	var err error
	if i.back, err = offer(i.link.broker, i.config.TLSConfig, i.opts.Host, i.book.admit); err != nil {
		i.opts.Logger.Warn("the "+i.opts.Kind+" cannot reach the platform", zap.Error(err))
	} else {
		r.HostBroker = i.back.id
	}
	if _, err := pluginpb.NewPluginClient(i.link.conn).Configure(ctx, r); err != nil {
		err = wire.SettingError(err)
		if bad := (*BadSetting)(nil); errors.As(err, &bad) {
			return &BadSetting{Name: bad.Name, Problem: i.logs.clean(bad.Problem)}
		}
		if errors.Is(err, wire.ErrBroken) || late(ctx) {
			return i.explain(ctx, err)
		}
		return errors.New(i.logs.clean(err.Error()))
	}
	return nil
}

// ping asks whether the plugin is there.
func (i *instance) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, i.opts.Timing.PingTimeout)
	defer cancel()
	r, err := grpc_health_v1.NewHealthClient(i.link.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: goplugin.GRPCServiceName})
	if err == nil && r.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		return fmt.Errorf("its health is %s", r.GetStatus())
	}
	if err != nil {
		return fmt.Errorf("its gRPC health service says: %w", err)
	}
	return nil
}

// stop lets the plugin finish its work. end follows.
func (i *instance) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), i.opts.Timing.Stop)
	defer cancel()
	if _, err := pluginpb.NewPluginClient(i.link.conn).Stop(ctx, &pluginpb.StopRequest{}); err != nil {
		i.opts.Logger.Warn("the "+i.opts.Kind+" did not stop cleanly", zap.String("error", i.logs.clean(wire.FromStatus(err).Error())))
	}
}

// end kills the process, waits for it and leaves nothing.
func (i *instance) end() {
	i.guard.end()
	if i.child != nil && i.child.ID() != "" {
		i.child.kill()
		<-i.child.exited
	}
	if i.back != nil {
		i.back.close()
	}
	if i.client != nil {
		i.client.Kill()
	}
	if err := i.run.Close(); err != nil {
		i.opts.Logger.Warn("a plugin's folder stays", zap.Error(err))
	}
}
