package hooks_test

import (
	"context"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/sdk/hook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rules is a hook made of functions; it serves only points that New is told.
type rules struct {
	create   func(context.Context, *hook.LobbyDraft) (*hook.LobbyDraft, error)
	join     func(context.Context, *hook.Lobby, *hook.Player) (*hook.Player, error)
	assign   func(context.Context, *hook.Lobby, *hook.Player) (string, error)
	balance  func(context.Context, *hook.Lobby) (*hook.Assignment, error)
	validate func(context.Context, *hook.Lobby) error
	payload  func(context.Context, *hook.Lobby, *hook.Payload) (*hook.Payload, error)
	result   func(context.Context, *hook.Match, *hook.Report) (*hook.Report, error)
	chat     func(context.Context, *hook.Lobby, *hook.ChatMessage) (*hook.ChatMessage, error)
	event    func(context.Context, *hook.Event) error
	auth     func(context.Context, *hook.AuthRequest) (*hook.Identity, error)
	rpc      func(context.Context, *hook.RpcRequest) (*hook.RpcResponse, error)
	allocate func(context.Context, *hook.AllocateRequest) (*hook.Server, error)
	release  func(context.Context, *hook.ReleaseRequest) error
}

func (r *rules) BeforeLobbyCreate(ctx context.Context, d *hook.LobbyDraft) (*hook.LobbyDraft, error) {
	return r.create(ctx, d)
}

func (r *rules) BeforeLobbyJoin(ctx context.Context, l *hook.Lobby, p *hook.Player) (*hook.Player, error) {
	return r.join(ctx, l, p)
}

func (r *rules) AssignTeam(ctx context.Context, l *hook.Lobby, p *hook.Player) (string, error) {
	return r.assign(ctx, l, p)
}

func (r *rules) BalanceTeams(ctx context.Context, l *hook.Lobby) (*hook.Assignment, error) {
	return r.balance(ctx, l)
}

func (r *rules) ValidateStart(ctx context.Context, l *hook.Lobby) error { return r.validate(ctx, l) }

func (r *rules) MatchPayload(ctx context.Context, l *hook.Lobby, p *hook.Payload) (*hook.Payload, error) {
	return r.payload(ctx, l, p)
}

func (r *rules) MatchResult(ctx context.Context, m *hook.Match, p *hook.Report) (*hook.Report, error) {
	return r.result(ctx, m, p)
}

func (r *rules) BeforeChat(ctx context.Context, l *hook.Lobby, m *hook.ChatMessage) (*hook.ChatMessage, error) {
	return r.chat(ctx, l, m)
}

func (r *rules) HandleEvent(ctx context.Context, e *hook.Event) error { return r.event(ctx, e) }

func (r *rules) Authenticate(ctx context.Context, a *hook.AuthRequest) (*hook.Identity, error) {
	return r.auth(ctx, a)
}

func (r *rules) Rpc(ctx context.Context, q *hook.RpcRequest) (*hook.RpcResponse, error) {
	return r.rpc(ctx, q)
}

func (r *rules) Allocate(ctx context.Context, q *hook.AllocateRequest) (*hook.Server, error) {
	return r.allocate(ctx, q)
}

func (r *rules) Release(ctx context.Context, q *hook.ReleaseRequest) error { return r.release(ctx, q) }

// points are those whose function is set.
func (r *rules) points() []hook.Point {
	var points []hook.Point
	for p, set := range map[hook.Point]bool{
		hook.PointBeforeLobbyCreate: r.create != nil, hook.PointBeforeLobbyJoin: r.join != nil,
		hook.PointAssignTeam: r.assign != nil, hook.PointBalanceTeams: r.balance != nil,
		hook.PointValidateStart: r.validate != nil, hook.PointMatchPayload: r.payload != nil,
		hook.PointMatchResult: r.result != nil, hook.PointBeforeChat: r.chat != nil, hook.PointEvents: r.event != nil,
		hook.PointAuthenticate: r.auth != nil, hook.PointRpc: r.rpc != nil, hook.PointAllocate: r.allocate != nil,
		hook.PointRelease: r.release != nil,
	} {
		if set {
			points = append(points, p)
		}
	}
	return points
}

// hookOf makes a hook of the functions that are set.
func hookOf(name string, r rules) hooks.Hook {
	return hooks.Hook{Name: name, Host: "test", Version: "1", Impl: &r, Points: r.points()}
}

// policy sets one policy for all points of a hook.
func policy(h hooks.Hook, p hook.Policy) hooks.Hook {
	h.OnFailure = map[hook.Point]hook.Policy{}
	for _, point := range h.Points {
		h.OnFailure[point] = p
	}
	return h
}

// newRunner makes a runner that is closed, and waited for, at the test's end.
func newRunner(t testing.TB, o hooks.Options) *hooks.Runner {
	t.Helper()
	if o.Game == "" {
		o.Game = "arena"
	}
	r, err := hooks.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r
}

func run(t testing.TB, list ...hooks.Hook) *hooks.Runner {
	t.Helper()
	return newRunner(t, hooks.Options{Hooks: list, Seats: 6})
}

// twoTeams is a lobby with a1 and a2 in A, b1 in B, three seats each.
func twoTeams() *hook.Lobby {
	player := func(id string) *hook.Player {
		return &hook.Player{AccountId: id, Username: "name of " + id, Connected: true, Ready: true}
	}
	return &hook.Lobby{
		Id: "l1", Name: "Friday", OwnerId: "a1", State: "open",
		Properties: map[string]*structpb.Value{"map": structpb.NewStringValue("dust")},
		Teams: []*hook.Team{
			{Name: "A", Size: 3, Players: []*hook.Player{player("a1"), player("a2")}},
			{Name: "B", Size: 3, Players: []*hook.Player{player("b1")}},
		},
	}
}

func text(s string) *structpb.Value { return structpb.NewStringValue(s) }

// sum adds up a metric over all of its labels; of a histogram it counts the samples.
func sum(t testing.TB, reg *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	total := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			total += m.GetGauge().GetValue() + m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return total
}
