package hooked_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/hooked"
	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/sdk/hook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var _ hooked.Runner = (*hooks.Runner)(nil)

// fleet is a hook that makes servers; without a releaser it cannot end them.
type fleet struct {
	allocate func(context.Context, *hook.AllocateRequest) (*hook.Server, error)
}

func (f *fleet) Allocate(ctx context.Context, r *hook.AllocateRequest) (*hook.Server, error) {
	return f.allocate(ctx, r)
}

type releasing struct {
	fleet
	released []*hook.ReleaseRequest
	err      error
}

func (f *releasing) Release(_ context.Context, r *hook.ReleaseRequest) error {
	f.released = append(f.released, r)
	return f.err
}

// chainOf is a chain with the hook first and a provider that always works second.
func chainOf(t *testing.T, impl any, log *zap.Logger) *allocation.Chain {
	t.Helper()
	runner, err := hooks.New(hooks.Options{Game: "arena", Hooks: []hooks.Hook{{Name: "agones", Impl: impl}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := runner.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	p, err := hooked.New(hooked.Options{Hook: "agones", Runner: runner, Timeout: time.Minute, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	chain, err := allocation.NewChain(allocation.Options{Entries: []allocation.Entry{
		{Name: "plugin", Provider: p, Limits: p.Limits(2)},
		{Name: "next", Provider: next{}, Limits: allocation.Limits{Timeout: time.Minute}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return chain
}

type next struct{}

func (next) Allocate(context.Context, allocation.Request) (allocation.Server, error) {
	return allocation.Server{Name: "n", Address: "203.0.113.8", Port: 1}, nil
}
func (next) Release(context.Context, string, string) error { return nil }

var request = allocation.Request{
	Game: "arena", MatchID: "m", Region: "eu", ResultURL: "http://muster.test/r",
	Payload: func(url string) ([]byte, error) { return []byte(`{"resultUrl":"` + url + `"}`), nil },
}

func TestAHookInAChain(t *testing.T) {
	for name, c := range map[string]struct {
		server   *hook.Server
		err      error
		provider string // of the server, or that may have made one
		unknown  bool
	}{
		"server":     {&hook.Server{Name: "gs", Address: "203.0.113.7", Port: 7777}, nil, "plugin", false},
		"refused":    {nil, hook.Refuse("no capacity", nil), "next", false},
		"failed":     {nil, errors.New("cut"), "plugin", true},
		"bad server": {&hook.Server{Address: "nowhere at all", Port: 7777}, nil, "plugin", true},
		"none":       {nil, nil, "plugin", true},
	} {
		var got *hook.AllocateRequest
		chain := chainOf(t, &fleet{func(_ context.Context, r *hook.AllocateRequest) (*hook.Server, error) {
			got = r
			return c.server, c.err
		}}, nil)
		s, err := chain.Allocate(t.Context(), request)
		if c.unknown != allocation.IsUnknown(err) || c.unknown && allocation.UnknownProvider(err) != c.provider || !c.unknown && s.Provider != c.provider {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
		if got.Game != "arena" || got.MatchId != "m" || got.Region != "eu" || got.Payload != `{"resultUrl":"http://muster.test/r"}` ||
			got.Timeout <= 50_000 || got.Timeout > 60_000 {
			t.Errorf("%s: asked with %v", name, got)
		}
	}
}

// TestTheDeadlineLeavesItOpen: a hook that is not back in time may have made one.
func TestTheDeadlineLeavesItOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := chainOf(t, &fleet{func(ctx context.Context, _ *hook.AllocateRequest) (*hook.Server, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}, nil).Allocate(t.Context(), request)
		if allocation.UnknownProvider(err) != "plugin" || time.Since(began) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestRelease(t *testing.T) {
	core, lines := observer.New(zap.InfoLevel)
	impl := &releasing{}
	chain := chainOf(t, impl, zap.New(core))
	if err := chain.Release(t.Context(), "plugin", "arena", "m"); err != nil || len(impl.released) != 1 || impl.released[0].MatchId != "m" || impl.released[0].Game != "arena" {
		t.Errorf("%v, %v", impl.released, err)
	}
	known := allocation.Server{Name: "gs", Address: "203.0.113.7", Port: 7777, Provider: "plugin"}
	if err := chain.ReleaseServer(t.Context(), "arena", "m", known); err != nil || len(impl.released) != 2 {
		t.Fatalf("%v, %v", impl.released, err)
	}
	if s := impl.released[1].Server; impl.released[0].Server != nil || s.GetName() != "gs" || s.GetAddress() != "203.0.113.7" || s.GetPort() != 7777 {
		t.Errorf("told of %v", impl.released)
	}
	known.Provider = "next" // it goes by the match alone
	if err := chain.ReleaseServer(t.Context(), "arena", "m", known); err != nil {
		t.Error(err)
	}
	if known.Provider = "gone"; !errors.Is(chain.ReleaseServer(t.Context(), "arena", "m", known), allocation.ErrNoProvider) {
		t.Error("a provider that is not there is no error")
	}
	if impl.err = errors.New("broken"); chain.Release(t.Context(), "plugin", "arena", "m") == nil {
		t.Error("a failed release is told as done")
	}
	if err := chainOf(t, &fleet{}, zap.New(core)).Release(t.Context(), "plugin", "arena", "m"); !errors.Is(err, allocation.ErrCannotRelease) || lines.FilterMessageSnippet("cannot be given back").Len() != 1 {
		t.Errorf("%v, %v", err, lines.All())
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	runner, none := &hooks.Runner{}, allocation.None(errors.New("x"))
	for want, o := range map[string]hooked.Options{
		"needs a hook": {Runner: runner, Timeout: 1}, "who runs it": {Hook: "h", Timeout: 1}, "a timeout": {Hook: "h", Runner: runner},
	} {
		if _, err := hooked.New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	p, err := hooked.New(hooked.Options{Hook: "h", Runner: runner, Timeout: 1})
	if err != nil {
		t.Fatal(err)
	}
	broken := request
	broken.Payload = func(string) ([]byte, error) { return nil, none }
	if _, err := p.Allocate(t.Context(), broken); !allocation.IsNone(err) {
		t.Errorf("a payload that cannot be made: %v", err)
	}
}
