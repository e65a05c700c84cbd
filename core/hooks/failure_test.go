package hooks_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/sdk/hook"
)

func asFault(t testing.TB, err error) *fault.Error {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) {
		t.Fatalf("not for players: %v", err)
	}
	return f
}

var errHook = errors.New("database on fire")

// failing fails at every point in the same way.
func failing(name string, fail func()) hooks.Hook {
	return hookOf(name, rules{
		create: func(context.Context, *hook.LobbyDraft) (*hook.LobbyDraft, error) { fail(); return nil, errHook },
		join:   func(context.Context, *hook.Lobby, *hook.Player) (*hook.Player, error) { fail(); return nil, errHook },
		assign: func(context.Context, *hook.Lobby, *hook.Player) (string, error) { fail(); return "A", errHook },
		balance: func(context.Context, *hook.Lobby) (*hook.Assignment, error) {
			fail()
			return &hook.Assignment{}, errHook
		},
		validate: func(context.Context, *hook.Lobby) error { fail(); return errHook },
		payload: func(_ context.Context, _ *hook.Lobby, p *hook.Payload) (*hook.Payload, error) {
			p.Region = "changed"
			fail()
			return p, errHook
		},
		result: func(_ context.Context, _ *hook.Match, r *hook.Report) (*hook.Report, error) {
			fail()
			return r, errHook
		},
		chat: func(_ context.Context, _ *hook.Lobby, m *hook.ChatMessage) (*hook.ChatMessage, error) {
			m.Text = "changed"
			fail()
			return m, errHook
		},
	})
}

// callAll calls every point and returns its error by its name, and whether the
// value came back as it went in.
func callAll(t *testing.T, r *hooks.Runner) (errs map[hook.Point]error) {
	ctx, l := t.Context(), twoTeams()
	was := proto.CloneOf(l)
	errs = map[hook.Point]error{}
	draft, player := &hook.LobbyDraft{Name: "n"}, &hook.Player{AccountId: "p"}
	message, payload, report := &hook.ChatMessage{Text: "hi"}, &hook.Payload{Region: "r"}, &hook.Report{}
	check := func(p hook.Point, same bool, err error) {
		errs[p] = err
		if err == nil && !same {
			t.Errorf("%s: a failed hook changed something", p)
		}
	}
	d, err := r.BeforeLobbyCreate(ctx, draft)
	check(hook.PointBeforeLobbyCreate, d == draft, err)
	p, err := r.BeforeLobbyJoin(ctx, l, player)
	check(hook.PointBeforeLobbyJoin, p == player, err)
	team, err := r.AssignTeam(ctx, l, player)
	check(hook.PointAssignTeam, team == "", err)
	a, err := r.BalanceTeams(ctx, l)
	check(hook.PointBalanceTeams, a == nil, err)
	check(hook.PointValidateStart, true, r.ValidateStart(ctx, l))
	added, err := r.MatchPayload(ctx, l, payload)
	check(hook.PointMatchPayload, added == payload && payload.Region == "r", err)
	amended, err := r.MatchResult(ctx, &hook.Match{Lobby: l}, report)
	check(hook.PointMatchResult, amended == report, err)
	line, err := r.BeforeChat(ctx, l, message)
	check(hook.PointBeforeChat, line == message && message.Text == "hi", err)
	if !proto.Equal(l, was) {
		t.Error("the lobby was changed")
	}
	return errs
}

func TestFailuresFollowThePolicy(t *testing.T) {
	closed := map[hook.Point]bool{
		hook.PointBeforeLobbyCreate: true, hook.PointBeforeLobbyJoin: true, hook.PointValidateStart: true, hook.PointMatchResult: true,
	}
	for name, fail := range map[string]func(){
		"error": func() {}, "panic": func() { panic("out of cheese") }, "out of range": func() { none := []int{}; none[len(none)]++ },
		"goexit": runtime.Goexit,
	} {
		for p, err := range callAll(t, run(t, failing(name, fail))) {
			if want := closed[p]; errors.Is(err, hooks.ErrFailed) != want || (err != nil) != want {
				t.Errorf("%s: %s: %v", name, p, err)
			}
			if err != nil && strings.Contains(asFault(t, err).Text, "fire") {
				t.Errorf("%s: %s: players are told %q", name, p, asFault(t, err).Text)
			}
		}
		for p, err := range callAll(t, run(t, policy(failing(name, fail), hook.FailRefuse))) {
			if !errors.Is(err, hooks.ErrFailed) {
				t.Errorf("%s, refuse: %s: %v", name, p, err)
			}
		}
		for _, kind := range []hook.Policy{hook.FailAllow, hook.FailBuiltin} {
			for p, err := range callAll(t, run(t, policy(failing(name, fail), kind))) {
				if err != nil {
					t.Errorf("%s, %s: %s: %v", name, kind, p, err)
				}
			}
		}
	}
}

func TestAfterAFailureAllowAsksTheNextAndBuiltinDoesNot(t *testing.T) {
	next := hookOf("next", rules{assign: func(context.Context, *hook.Lobby, *hook.Player) (string, error) { return "B", nil }})
	for kind, want := range map[hook.Policy]string{hook.FailAllow: "B", hook.FailBuiltin: ""} {
		r := run(t, policy(failing("bad", func() {}), kind), next)
		if team, err := r.AssignTeam(t.Context(), twoTeams(), &hook.Player{}); team != want || err != nil {
			t.Errorf("%s: %q %v", kind, team, err)
		}
	}
	gate := hookOf("gate", rules{validate: func(context.Context, *hook.Lobby) error { return hook.Refuse("no", nil) }})
	for _, kind := range []hook.Policy{hook.FailAllow, hook.FailBuiltin} {
		r := run(t, policy(failing("bad", func() {}), kind), gate)
		if err := r.ValidateStart(t.Context(), twoTeams()); !errors.Is(err, hooks.ErrRefused) {
			t.Errorf("%s: the gate after a failed one was not asked: %v", kind, err)
		}
	}
}

func TestWhereNobodyMayRefuseARefusalIsAFailure(t *testing.T) {
	refuse := hook.Refuse("no", nil)
	h := policy(hookOf("h", rules{
		assign:  func(context.Context, *hook.Lobby, *hook.Player) (string, error) { return "", refuse },
		balance: func(context.Context, *hook.Lobby) (*hook.Assignment, error) { return nil, refuse },
		payload: func(context.Context, *hook.Lobby, *hook.Payload) (*hook.Payload, error) { return nil, refuse },
	}), hook.FailRefuse)
	r := run(t, h)
	_, err := r.AssignTeam(t.Context(), twoTeams(), &hook.Player{})
	_, err2 := r.BalanceTeams(t.Context(), twoTeams())
	_, err3 := r.MatchPayload(t.Context(), twoTeams(), &hook.Payload{})
	for _, err := range []error{err, err2, err3} {
		if !errors.Is(err, hooks.ErrFailed) || !strings.Contains(err.Error(), "may_not_refuse") {
			t.Error(err)
		}
	}
}

// TestTheCallerStopsWaitingAtTheDeadline has a hook that ignores its context.
func TestTheCallerStopsWaitingAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		metrics, err := hooks.NewMetrics(reg)
		if err != nil {
			t.Fatal(err)
		}
		release := make(chan struct{})
		deaf := hookOf("deaf", rules{validate: func(context.Context, *hook.Lobby) error { <-release; return nil }})
		deaf.Timeout = 50 * time.Millisecond
		r, err := hooks.New(hooks.Options{Game: "arena", Hooks: []hooks.Hook{deaf}, Metrics: metrics})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := r.ValidateStart(t.Context(), twoTeams()); !errors.Is(err, hooks.ErrTimeout) || time.Since(began) != 50*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if n := sum(t, reg, "muster_hook_abandoned"); n != 1 {
			t.Errorf("%v are counted as left behind", n)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.Close(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close waits for nobody: %v", err)
		}
		close(release)
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if n := sum(t, reg, "muster_hook_abandoned"); n != 0 {
			t.Errorf("%v are counted as left behind in the end", n)
		}
		if err := r.ValidateStart(t.Context(), twoTeams()); !errors.Is(err, fault.TryAgain) {
			t.Errorf("a closed runner: %v", err)
		}
	})
}

func TestAHookThatHeedsItsDeadlineTimesOutToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := policy(hookOf("slow", rules{balance: func(ctx context.Context, _ *hook.Lobby) (*hook.Assignment, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}}), hook.FailRefuse)
		began := time.Now()
		if _, err := run(t, slow).BalanceTeams(t.Context(), twoTeams()); !errors.Is(err, hooks.ErrTimeout) || time.Since(began) != hooks.DefaultTimeout {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestACallerWhoGoesAwayIsNoFailureOfTheHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := false
		slow := hookOf("slow", rules{chat: func(ctx context.Context, _ *hook.Lobby, _ *hook.ChatMessage) (*hook.ChatMessage, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		next := hookOf("next", rules{chat: func(context.Context, *hook.Lobby, *hook.ChatMessage) (*hook.ChatMessage, error) {
			asked = true
			return nil, nil
		}})
		r := run(t, slow, next)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Millisecond, cancel)
		// The policy of before_chat is allow: a failure would let the line pass.
		if m, err := r.BeforeChat(ctx, twoTeams(), &hook.ChatMessage{Text: "hi"}); m != nil || !errors.Is(err, fault.TryAgain) || !errors.Is(err, context.Canceled) || asked {
			t.Errorf("%v %v %v", m, err, asked)
		}
	})
}

func TestEveryCallIsLoggedAndCounted(t *testing.T) {
	var out bytes.Buffer
	log := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(&out), zap.DebugLevel))
	reg := prometheus.NewRegistry()
	metrics, err := hooks.NewMetrics(reg)
	if err != nil {
		t.Fatal(err)
	}
	answers := []error{nil, hook.Refuse("no", nil), errHook}
	i := 0
	h := hookOf("h", rules{validate: func(context.Context, *hook.Lobby) error { i++; return answers[i-1] }})
	h.Version = "abc"
	r := newRunner(t, hooks.Options{Hooks: []hooks.Hook{h}, Logger: log, Metrics: metrics})
	for range answers {
		_ = r.ValidateStart(t.Context(), twoTeams())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines:\n%s", len(lines), out.String())
	}
	for i, want := range []string{`"level":"debug"`, `"outcome":"refused"`, `"code":"error","policy":"refuse","error":"database on fire"`} {
		if !strings.Contains(lines[i], want) || !strings.Contains(lines[i], `"game":"arena","point":"validate_start","hook":"h","host":"test","version":"abc"`) {
			t.Errorf("%s is not in %s", want, lines[i])
		}
	}
	if n := sum(t, reg, "muster_hook_seconds"); n != 3 {
		t.Errorf("%v calls are counted", n)
	}
	if _, err := hooks.NewMetrics(reg); err == nil {
		t.Error("registered twice")
	}
}
