package hooks_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/sdk/hook"
)

// crash is an error of a host whose process died under the call.
type crash struct{}

func (crash) Error() string { return "the process died" }
func (crash) Crashed() bool { return true }

// down is an error of a host that is not running.
type down struct{}

func (down) Error() string     { return "the process is not running" }
func (down) Unavailable() bool { return true }

const labTimeout = 100 * time.Millisecond

// act is how a call in the lab goes on.
type act string

const (
	works   act = "works"
	throws  act = "throws"
	refuses act = "refuses"
	panics  act = "panics"
	crashes act = "crashes"
	isDown  act = "is down"
	// waits has not begun at its deadline.
	waits act = "waits"
	// late ends at its deadline, slow soon after it, stuck when it is released.
	late  act = "late"
	slow  act = "slow"
	stuck act = "stuck"
)

// lab has the hooks one and two, whose calls end as they are told. It lives in a
// bubble of synctest.
type lab struct {
	*hooks.Runner
	t   *testing.T
	reg *prometheus.Registry
	log *observer.ObservedLogs

	mu      sync.Mutex
	next    act
	reached int
	release chan struct{}
}

// keys of the lab: a name of an rpc begins with the hook that has it.
var labKeys = []string{"one.a", "one.b", "two.a", "validate_start", "before_chat"}

func newLab(t *testing.T) *lab {
	l := &lab{t: t, reg: prometheus.NewRegistry(), next: works, release: make(chan struct{})}
	metrics, err := hooks.NewMetrics(l.reg)
	if err != nil {
		t.Fatal(err)
	}
	core, log := observer.New(zap.InfoLevel)
	l.log = log
	l.Runner, err = hooks.New(hooks.Options{Game: "arena", Hooks: l.hooks("1", "1"), Metrics: metrics, Logger: zap.New(core)})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// hooks are one and two in a version each.
func (l *lab) hooks(one, two string) []hooks.Hook {
	rpc := func(name string) func(context.Context, *hook.RpcRequest) (*hook.RpcResponse, error) {
		return func(ctx context.Context, q *hook.RpcRequest) (*hook.RpcResponse, error) {
			if !strings.HasPrefix(q.Name, name+".") {
				return nil, hook.ErrUnknownRpc
			}
			return nil, l.play(ctx)
		}
	}
	list := []hooks.Hook{
		hookOf("one", rules{rpc: rpc("one"), validate: func(ctx context.Context, _ *hook.Lobby) error { return l.play(ctx) }}),
		hookOf("two", rules{rpc: rpc("two"), chat: func(ctx context.Context, _ *hook.Lobby, _ *hook.ChatMessage) (*hook.ChatMessage, error) {
			return nil, l.play(ctx)
		}}),
	}
	list[0].Version, list[1].Version = one, two
	for i := range list {
		list[i].Timeout = labTimeout
		list[i] = policy(list[i], hook.FailRefuse)
	}
	return list
}

func (l *lab) play(ctx context.Context) error {
	l.mu.Lock()
	a, release := l.next, l.release
	l.reached++
	l.mu.Unlock()
	switch a {
	case throws:
		return errHook
	case refuses:
		return hook.Refuse("no", nil)
	case panics:
		panic("out of cheese")
	case crashes:
		return crash{}
	case isDown:
		return down{}
	case waits:
		<-ctx.Done()
		return down{}
	case late:
		<-ctx.Done()
		return ctx.Err()
	case slow:
		<-ctx.Done()
		<-time.After(hooks.AbandonGrace - time.Millisecond)
	case stuck:
		<-release
	}
	return nil
}

// free lets the stuck calls end.
func (l *lab) free() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.release)
	l.release = make(chan struct{})
}

// let sets how the next calls go on.
func (l *lab) let(a act) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next = a
}

func (l *lab) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reached
}

// ask makes one call of a key.
func (l *lab) ask(ctx context.Context, key string) error {
	var err error
	switch hook.Point(key) {
	case hook.PointValidateStart:
		err = l.ValidateStart(ctx, twoTeams())
	case hook.PointBeforeChat:
		_, err = l.BeforeChat(ctx, twoTeams(), &hook.ChatMessage{Text: "hi"})
	default:
		_, err = l.Rpc(ctx, &hook.RpcRequest{Name: key})
	}
	return err
}

// call makes one call that goes on as a says, waits for what it has begun, and says
// whether it reached its hook.
func (l *lab) call(key string, a act) (reached bool, err error) {
	l.let(a)
	before := l.count()
	err = l.ask(l.t.Context(), key)
	synctest.Wait()
	reached = l.count() > before
	if !reached && !(errors.Is(err, hooks.ErrUnavailable) && strings.Contains(err.Error(), "tripped")) {
		l.t.Errorf("%s: a call that did not reach its hook: %v", key, err)
	}
	return reached, err
}

// open are the keys whose breakers are open; the metrics must say the same.
func (l *lab) open() []string {
	var keys []string
	for _, t := range l.Tripped() {
		if t.Rpc != "" {
			keys = append(keys, t.Rpc)
		} else {
			keys = append(keys, string(t.Point))
		}
	}
	if n := sum(l.t, l.reg, "muster_hook_breaker_open"); int(n) != len(keys) {
		l.t.Errorf("the metrics have %v open breakers, Tripped %v", n, keys)
	}
	slices.Sort(keys)
	return keys
}

// close ends the stuck calls and the runner.
func (l *lab) close() {
	l.free()
	if err := l.Close(l.t.Context()); err != nil {
		l.t.Error(err)
	}
}

// after waits in the bubble, and for all that is due then.
func after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
