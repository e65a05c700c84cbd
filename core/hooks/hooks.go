// Package hooks runs the hooks of one game: in their order, each under a deadline,
// with a policy for those that fail, and with every answer checked as untrusted
// input. It knows the interfaces of sdk/hook, never how a hook is hosted.
//
// Hooks run on goroutines of their own. When the deadline passes, the caller goes
// on at once and the goroutine is left behind and counted: a hook that ignores its
// context costs its own game, not the server.
//
// Each hook has a breaker for each of its points, at the point rpc for each name. It
// opens when a call does not end at all, when the hook's process dies under its
// calls, and when too many of them in a row are late: then calls fail at once, and
// one now and then is let through to see whether it goes well. What an answer says
// opens no breaker, and no breaker minds what befalls another one's calls.
//
// The hooks of a game can be replaced at any time, all at once: a call uses one set
// of them from its beginning to its end.
package hooks

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"

	"github.com/muster-gg/muster/sdk/hook"
)

// Defaults of Options and Hook.
const (
	DefaultTimeout    = 2 * time.Second
	DefaultEventQueue = 1024
)

// Hook is one hook of a game.
type Hook struct {
	// Name is unique in the game: the script's or plugin's name in the config.
	Name string
	// Host is what hosts it ("native", "script", "process"), Version which version
	// of it runs, for logs and metrics. A hook keeps its breakers while all three stay.
	Host, Version string
	// Impl implements one or more interfaces of sdk/hook. An error of it that has a
	// method Unavailable() bool which says true means that its host is down and the
	// call never began; with Crashed() bool, that its process died under this call;
	// with BadAnswer() string, that the hook has answered what its host could not read:
	// it returns the code, "too_large" or "malformed".
	Impl any
	// Points that it serves; nil for all that Impl implements.
	Points []hook.Point
	// Timeout of one call; 0 is DefaultTimeout. Allocate and Release take as long as
	// their caller waits.
	Timeout time.Duration
	// OnFailure is the policy by point; the contract's default where absent.
	OnFailure map[hook.Point]hook.Policy
	// Isolated says that Impl never keeps or changes the messages that it is given
	// or gives, as hosts that encode them do: they are then not copied.
	Isolated bool
	// Providers are the names in the game's `auth` list for which it authenticates.
	Providers []string
}

// Options make a Runner.
type Options struct {
	Game string
	// Hooks in the order of the config.
	Hooks []Hook
	// Seats is the sum of the game's team sizes, which bounds a draft's max_players; 0: unbounded.
	Seats int
	// EventQueue is how many events may wait for each hook; 0 is DefaultEventQueue.
	EventQueue int
	// Host is what hooks may ask of the platform; nil: nothing.
	Host hook.Host
	// Tracer makes a span of every call; nil: none.
	Tracer trace.Tracer
	// Logger and Metrics may be nil.
	Logger  *zap.Logger
	Metrics *Metrics
}

// Runner runs one game's hooks. A nil Runner has none: the built-in rules apply.
// All methods may be called from any goroutine.
type Runner struct {
	game       string
	seats      int
	eventQueue int
	host       hook.Host
	tracer     trace.Tracer
	log        *zap.Logger
	metrics    *Metrics

	// current is what calls begin with. Looking takes no lock.
	current atomic.Pointer[set]
	// closed is set under mu and looked at without it.
	closed atomic.Bool

	// background is what events run under; stop ends it.
	background context.Context
	stop       context.CancelFunc

	mu   sync.Mutex // orders Swap and Close
	sets sync.WaitGroup
	// live are the sets that somebody uses still. Guarded by mu.
	live map[*set]bool
}

// New checks the hooks and returns their Runner. Close it.
func New(o Options) (*Runner, error) {
	r := &Runner{
		game: o.Game, seats: o.Seats, eventQueue: o.EventQueue, host: o.Host, tracer: o.Tracer,
		log: o.Logger, metrics: o.Metrics, live: map[*set]bool{},
	}
	if r.log == nil {
		r.log = zap.NewNop()
	}
	if r.eventQueue <= 0 {
		r.eventQueue = DefaultEventQueue
	}
	if _, silent := r.tracer.(noop.Tracer); silent {
		r.tracer = nil // even its spans are made for every call
	}
	s, err := r.newSet(o.Hooks)
	if err != nil {
		return nil, err
	}
	r.background, r.stop = context.WithCancel(context.Background())
	r.begin(s)
	return r, nil
}

// Serves reports whether any hook serves p now, so that callers need not build
// messages for nobody. It takes no lock.
func (r *Runner) Serves(p hook.Point) bool {
	return r != nil && len(r.current.Load().points[p]) > 0
}

// ServesIn is Serves for calls with ctx, which may be pinned.
func (r *Runner) ServesIn(ctx context.Context, p hook.Point) bool {
	if s := r.pinned(ctx); s != nil {
		return len(s.points[p]) > 0
	}
	return r.Serves(p)
}

// Versions names the hooks that calls with ctx use, as "name@version", for logs.
func (r *Runner) Versions(ctx context.Context) []string {
	if r == nil {
		return nil
	}
	if s := r.pinned(ctx); s != nil {
		return s.versions
	}
	return r.current.Load().versions
}

// Close lets no call begin any more and waits for those under way, those left
// behind, and the events that wait. When ctx ends first, waiting events are
// dropped, and its error says what is left.
func (r *Runner) Close(ctx context.Context) error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	first := !r.closed.Swap(true)
	r.mu.Unlock()
	if first {
		r.current.Load().users.out()
	}
	idle := make(chan struct{})
	go func() {
		r.sets.Wait()
		close(idle)
	}()
	defer r.stop()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
	}
	r.stop()
	for _, b := range r.breakers() {
		b.stop()
	}
	return fmt.Errorf("hooks of game %s: calls are still running: %w", r.game, ctx.Err())
}
