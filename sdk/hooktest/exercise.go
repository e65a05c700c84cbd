package hooktest

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/sdk/hook"
)

// Game is the game that Exercise calls hooks for.
const Game = "arena"

// Hosted is Rules, hosted in some way.
type Hosted struct {
	// Impl serves the points: Rules itself, or the hook.Remote of a host.
	Impl any
	// Points are those that the host found.
	Points []hook.Point
	// RpcNames are the names that the host found; nil if it cannot tell.
	RpcNames []string
	// Host is what the hooks reach when they ask the platform. Nil: that of the
	// call's context.
	Host *Host
}

// callTime is how long a call of a case may take.
const callTime = 20 * time.Second

// Exercise runs all cases. open is called once; what it opens is closed by the
// test's own clean-up.
func Exercise(t *testing.T, open func(t *testing.T) Hosted) {
	h := open(t)
	if h.Host == nil {
		h.Host = NewHost()
	}
	t.Run("Found", func(t *testing.T) {
		if got, want := sorted(h.Points), sorted(hook.Points()); !slices.Equal(got, want) {
			t.Errorf("the points are %v, want %v", got, want)
		}
		if want := (Rules{}).RpcNames(); h.RpcNames != nil && !slices.Equal(sorted(h.RpcNames), sorted(want)) {
			t.Errorf("the rpc names are %q, want %q", h.RpcNames, want)
		}
	})
	for _, g := range groups() {
		t.Run(string(g.point), func(t *testing.T) {
			for _, c := range g.cases {
				t.Run(c.name, func(t *testing.T) { h.run(t, g.point, c) })
			}
		})
	}
	t.Run("Deadline", h.deadline)
	t.Run("AtOnce", h.atOnce)
}

func sorted[E ~string](list []E) []E {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// group is the cases of one point.
type group struct {
	point hook.Point
	cases []testCase
}

func groups() []group {
	return []group{
		{hook.PointAuthenticate, authenticateCases()},
		{hook.PointBeforeLobbyCreate, createCases()},
		{hook.PointBeforeLobbyJoin, joinCases()},
		{hook.PointAssignTeam, assignCases()},
		{hook.PointBeforeChat, chatCases()},
		{hook.PointBalanceTeams, balanceCases()},
		{hook.PointValidateStart, validateCases()},
		{hook.PointMatchPayload, payloadCases()},
		{hook.PointMatchResult, resultCases()},
		{hook.PointMakeMatches, matchmakingCases()},
		{hook.PointAllocate, allocateCases()},
		{hook.PointRelease, releaseCases()},
		{hook.PointEvents, eventCases()},
		{hook.PointRpc, append(rpcCases(), storageCases()...)},
	}
}

// testCase is one call.
type testCase struct {
	name    string
	request proto.Message
	want    outcome
	// notices are sent by it.
	notices []Notice
}

// run makes the call of a case twice, since nothing of a call may be seen in the
// next, and damages the first answer in between.
func (h Hosted) run(t *testing.T, p hook.Point, c testCase) {
	before := proto.Clone(c.request)
	for range 2 {
		h.Host.Reset("a1", "a2")
		ctx, cancel := h.context(t.Context(), p, callTime)
		answer, err := p.Dispatch(ctx, h.Impl, c.request)
		cancel()
		c.want(t, answer, err)
		h.sent(t, c.notices)
		if answer != nil {
			scribble(answer.ProtoReflect())
		}
		if !proto.Equal(c.request, before) {
			t.Fatalf("the request became\n\t%v\nwant\n\t%v", c.request, before)
		}
	}
}

// context is that of a call, as core/hooks makes it.
func (h Hosted) context(ctx context.Context, p hook.Point, d time.Duration) (context.Context, context.CancelFunc) {
	ctx = hook.WithCall(ctx, hook.Call{Game: Game, Point: p, Hook: "rules"})
	return context.WithTimeout(hook.WithHost(ctx, h.Host), d)
}

// sent checks the notices.
func (h Hosted) sent(t *testing.T, want []Notice) {
	t.Helper()
	got := h.Host.Notices()
	if len(got) != len(want) {
		t.Fatalf("sent %s, want %s", got, want)
	}
	for i, n := range got {
		if n.AccountID != want[i].AccountID || n.Kind != want[i].Kind || !reflect.DeepEqual(decoded(t, n.Payload), decoded(t, want[i].Payload)) {
			t.Fatalf("sent\n\t%s\nwant\n\t%s", n, want[i])
		}
	}
}

func decoded(t *testing.T, text json.RawMessage) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}
