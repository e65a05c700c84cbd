//go:build linux

package process

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

// honest is the name of the hook that answers as it should.
const honest = "honest"

// hostilePoints are those that the hostile plugin serves.
func hostilePoints() []hook.Point {
	var points []hook.Point
	for _, l := range lies() {
		if !slices.Contains(points, l.point) {
			points = append(points, l.point)
		}
	}
	slices.Sort(points)
	return points
}

// liesMain is a plugin that answers each call with the lie that the hook is named by.
func liesMain() {
	d := &pluginpb.DescribeResponse{Name: "hostile", Version: "1"}
	for _, p := range hostilePoints() {
		d.Points = append(d.Points, string(p))
	}
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig:  wire.Handshake(),
		VersionedPlugins: map[int]goplugin.PluginSet{wire.Version: {wire.Set: &hostile{liar{description: d}}}},
		GRPCServer:       goplugin.DefaultGRPCServer,
	})
}

type hostile struct{ liar }

func (h *hostile) GRPCServer(_ *goplugin.GRPCBroker, to *grpc.Server) error {
	pluginpb.RegisterPluginServer(to, h)
	all := lies()
	for _, p := range hostilePoints() {
		info, _ := p.Info()
		answer := func(_ any, s grpc.ServerStream) error {
			if err := s.RecvMsg(&emptypb.Empty{}); err != nil {
				return err
			}
			meta, _ := metadata.FromIncomingContext(s.Context())
			if l, is := all[strings.Join(meta.Get("muster-hook"), "")]; is {
				return l.tell(s)
			}
			return s.SendMsg(truth(p))
		}
		// As a stream, so that nobody on its side sees to it that there is one answer.
		to.RegisterService(&grpc.ServiceDesc{
			ServiceName: info.Service, HandlerType: (*any)(nil),
			Streams: []grpc.StreamDesc{{StreamName: info.Method, Handler: answer, ServerStreams: true, ClientStreams: true}},
		}, h)
	}
	return nil
}

// truth is an answer that nobody can mind.
func truth(p hook.Point) proto.Message {
	switch p {
	case hook.PointAuthenticate:
		return &hook.Identity{Subject: "1"}
	case hook.PointAllocate:
		return &hook.Server{Name: "s", Address: "10.0.0.1", Port: 7000}
	case hook.PointValidateStart:
		return &hook.Decision{Allow: true}
	}
	return &emptypb.Empty{}
}

// callPoint makes a call of a runner's point.
func callPoint(ctx context.Context, r *hooks.Runner, name string, p hook.Point) (err error) {
	lobby := &hook.Lobby{Teams: []*hook.Team{
		{Name: "A", Size: 2, Players: []*hook.Player{{AccountId: "a1"}}}, {Name: "B", Size: 2, Players: []*hook.Player{{AccountId: "b1"}}},
	}}
	player := &hook.Player{AccountId: "c1"}
	switch p {
	case hook.PointAuthenticate:
		_, err = r.Authenticate(ctx, &hook.AuthRequest{Provider: "house"})
	case hook.PointBeforeLobbyCreate:
		_, err = r.BeforeLobbyCreate(ctx, &hook.LobbyDraft{})
	case hook.PointBeforeLobbyJoin:
		_, err = r.BeforeLobbyJoin(ctx, lobby, player)
	case hook.PointAssignTeam:
		_, err = r.AssignTeam(ctx, lobby, player)
	case hook.PointBalanceTeams:
		_, err = r.BalanceTeams(ctx, lobby)
	case hook.PointValidateStart:
		err = r.ValidateStart(ctx, lobby)
	case hook.PointMatchPayload:
		_, err = r.MatchPayload(ctx, lobby, &hook.Payload{})
	case hook.PointMatchResult:
		_, err = r.MatchResult(ctx, &hook.Match{Lobby: lobby}, &hook.Report{})
	case hook.PointBeforeChat:
		_, err = r.BeforeChat(ctx, lobby, &hook.ChatMessage{AccountId: "a1", Text: "hi"})
	case hook.PointAllocate:
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		_, err = r.Allocate(ctx, name, &hook.AllocateRequest{})
	case hook.PointRpc:
		_, err = r.Rpc(ctx, &hook.RpcRequest{Name: "f"})
	default:
		err = errors.New("nobody calls " + string(p))
	}
	return err
}

// counted are the answers that were not taken, by their codes.
func counted(t *testing.T, reg *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, f := range families {
		if f.GetName() != "muster_hook_invalid_answers_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "code" {
					found[l.GetValue()] += m.GetCounter().GetValue()
				}
			}
		}
	}
	return found
}

// TestLies has a hostile plugin answer over a real connection: each lie fails with its
// code and is counted, and the next call of the same process is served.
func TestLies(t *testing.T) {
	o := options(t, "lies", nil)
	o.Timing.Start = time.Minute
	p := begin(t, o)
	of := func(name string, point hook.Point, timeout time.Duration) hooks.Hook {
		return hooks.Hook{
			Name: name, Host: "process", Version: "1", Impl: p.Impl(), Points: []hook.Point{point}, Timeout: timeout, Isolated: true,
			Providers: []string{"house"}, OnFailure: map[hook.Point]hook.Policy{point: hook.FailRefuse},
		}
	}
	// ask makes one call of one hook, and returns what was counted.
	ask := func(t *testing.T, name string, point hook.Point, timeout time.Duration) (map[string]float64, error) {
		reg := prometheus.NewRegistry()
		metrics, err := hooks.NewMetrics(reg)
		if err != nil {
			t.Fatal(err)
		}
		r, err := hooks.New(hooks.Options{Game: "arena", Hooks: []hooks.Hook{of(name, point, timeout)}, Seats: 4, Metrics: metrics})
		if err != nil {
			t.Fatal(err)
		}
		err = callPoint(t.Context(), r, name, point)
		if failed := r.Close(context.Background()); failed != nil {
			t.Error(failed)
		}
		return counted(t, reg), err
	}
	for name, l := range lies() {
		t.Run(name, func(t *testing.T) {
			timeout := time.Minute
			if l.code == "timeout" {
				timeout = 50 * time.Millisecond
			}
			bad, err := ask(t, name, l.point, timeout)
			if err == nil || !strings.Contains(err.Error(), ": "+l.code) {
				t.Errorf("want %s, got %.500v", l.code, err)
			} else if len(err.Error()) > 4<<10 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			if l.counted == "" && len(bad) > 0 || l.counted != "" && (bad[l.counted] != 1 || len(bad) != 1) {
				t.Errorf("want %q, counted is %v", l.counted, bad)
			}
			if bad, err := ask(t, honest, l.point, time.Minute); err != nil && !errors.Is(err, hooks.ErrRefused) || len(bad) > 0 {
				t.Errorf("the next call: %v %v", err, bad)
			}
		})
	}
	if s := p.Status(); s.Restarts != 0 || s.State != Running {
		t.Errorf("%+v", s)
	}
}
