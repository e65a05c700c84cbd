package plugin

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/go-hclog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
)

// server serves one plugin over gRPC.
type server struct {
	pluginpb.UnimplementedPluginServer
	impl   Plugin
	info   Info
	points []hook.Point
	fields []field
	log    hclog.Logger
	// awake is called before the first code of the author that a call runs.
	awake func()
	dial  func(id uint32) (grpc.ClientConnInterface, error)

	mu   sync.Mutex // one of Configure and Stop at a time
	used bool
	// ready is set once the plugin is configured and started; calls before that, and
	// after Stop, are refused. What it holds is how the platform is reached, if at all.
	ready atomic.Pointer[platform]
}

type platform struct{ conn grpc.ClientConnInterface }

var _ pluginpb.PluginServer = (*server)(nil)

// newServer looks at the value that shall be served. Its errors are for the
// plugin's author.
func newServer(p Plugin, info Info, log hclog.Logger) (*server, error) {
	fields, err := schemaOf(p)
	if err != nil {
		return nil, err
	}
	points, err := pointsOf(p)
	if err != nil {
		return nil, err
	}
	if info.Name == "" {
		info.Name = strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	}
	if info.Version == "" {
		info.Version = "devel"
		if build, ok := debug.ReadBuildInfo(); ok && build.Main.Version != "" {
			info.Version = strings.Trim(build.Main.Version, "()")
		}
	}
	return &server{impl: p, info: info, points: points, fields: fields, log: log, awake: func() {}}, nil
}

// pointsOf finds the points that p serves. A method that has a point's name but not
// its signature is an error: it would never be called.
func pointsOf(p Plugin) ([]hook.Point, error) {
	points := hook.ServedPoints(p)
	for _, point := range hook.Points() {
		info, _ := point.Info()
		if !point.ServedBy(p) && hasMethod(p, info.Method) {
			return nil, fmt.Errorf("the method %s of %T has not the signature that the point %s wants: see hook.%s",
				info.Method, p, point, strings.TrimPrefix(info.Service, "muster.v1."))
		}
	}
	if len(points) == 0 {
		return nil, fmt.Errorf("%T serves no extension point: it needs a method of one of the interfaces in package hook, such as hook.StartValidator", p)
	}
	return points, nil
}

// Describe says what the plugin is.
func (s *server) Describe(context.Context, *pluginpb.DescribeRequest) (*pluginpb.DescribeResponse, error) {
	s.awake()
	d := &pluginpb.DescribeResponse{Name: s.info.Name, Version: s.info.Version, Doc: s.info.Doc}
	points := s.points
	if n, ok := s.impl.(PointNamer); ok && s.ready.Load() != nil {
		points = n.Points()
	}
	for _, p := range points {
		d.Points = append(d.Points, string(p))
	}
	for _, f := range s.fields {
		d.Settings = append(d.Settings, f.schema)
	}
	if n, ok := s.impl.(RpcNamer); ok {
		d.RpcNames = n.RpcNames()
	}
	return d, nil
}

// Configure fills in the settings and starts the plugin.
func (s *server) Configure(ctx context.Context, r *pluginpb.ConfigureRequest) (*pluginpb.ConfigureResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used {
		return nil, status.Error(codes.AlreadyExists, "the plugin is configured already")
	}
	s.used = true
	s.awake()
	if err := fill(s.impl, s.fields, r.GetSettings()); err != nil {
		return nil, settingStatus(err)
	}
	var p platform
	if id := r.GetHostBroker(); id != 0 && s.dial != nil {
		conn, err := s.dial(id)
		if err != nil {
			return nil, status.Errorf(codes.Internal, "the platform cannot be reached: %v", err)
		}
		p.conn = conn
	}
	s.impl.base().set.Store(&setup{log: s.log, development: r.GetDevelopment()})
	if starter, ok := s.impl.(Starter); ok {
		if err := s.guard("Start", func() error { return starter.Start(ctx) }); err != nil {
			return nil, settingStatus(err)
		}
	}
	s.ready.Store(&p)
	return &pluginpb.ConfigureResponse{}, nil
}

// Stop ends the plugin's work. The process is ended by the server.
func (s *server) Stop(ctx context.Context, _ *pluginpb.StopRequest) (*pluginpb.StopResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ready.Swap(nil) == nil {
		return &pluginpb.StopResponse{}, nil
	}
	if stopper, ok := s.impl.(Stopper); ok {
		if err := s.guard("Stop", func() error { return stopper.Stop(ctx) }); err != nil {
			return nil, status.Error(codes.Unknown, strings.ToValidUTF8(err.Error(), "\ufffd"))
		}
	}
	return &pluginpb.StopResponse{}, nil
}

// guard turns a panic of f into an error, and logs where it was.
func (s *server) guard(what string, f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			s.log.Error("panic", "in", what, "value", fmt.Sprint(v), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic in %s: %v", what, v)
		}
	}()
	return f()
}
