// Package hooks runs the hooks of one game: in their order, each under a deadline,
// with a policy for those that fail, and with every answer checked as untrusted
// input. It knows the interfaces of sdk/hook, never how a hook is hosted.
//
// Hooks run on goroutines of their own. When the deadline passes, the caller goes
// on at once and the goroutine is left behind and counted: a hook that ignores its
// context costs its own game, not the server.
package hooks

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/sdk/hook"
)

// Defaults of Options and Hook.
const (
	DefaultTimeout    = 2 * time.Second
	DefaultEventQueue = 1024
	// maxAbandoned is how many calls of one hook may be left behind and still
	// running; beyond it the hook fails at once.
	maxAbandoned = 32
)

// Hook is one hook of a game.
type Hook struct {
	// Name is unique in the game: the script's or plugin's name in the config.
	Name string
	// Host is what hosts it ("native", "script", "process"), Version which version
	// of it runs; both are for logs and metrics.
	Host, Version string
	// Impl implements one or more interfaces of sdk/hook.
	Impl any
	// Points that it serves; nil for all that Impl implements.
	Points []hook.Point
	// Timeout of one call; 0 is DefaultTimeout.
	Timeout time.Duration
	// OnFailure is the policy by point; the contract's default where absent.
	OnFailure map[hook.Point]hook.Policy
	// Isolated says that Impl never keeps or changes the messages that it is given
	// or gives, as hosts that encode them do: they are then not copied.
	Isolated bool
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
	// Logger and Metrics may be nil.
	Logger  *zap.Logger
	Metrics *Metrics
}

// Runner runs one game's hooks. A nil Runner has none: the built-in rules apply.
// All methods may be called from any goroutine.
type Runner struct {
	game    string
	seats   int
	log     *zap.Logger
	metrics *Metrics
	// points is never changed, so that looking is free of locks.
	points map[hook.Point][]*served
	queues []*queue

	// background is what events run under; stop ends it.
	background context.Context
	stop       context.CancelFunc

	mu     sync.RWMutex // guards closed, and that nothing begins after it
	closed bool
	calls  sync.WaitGroup // calls, abandoned ones too, and the event workers
}

// served is a hook as the runner keeps it.
type served struct {
	Hook
	// abandoned counts calls that nobody waits for any more.
	abandoned atomic.Int32
}

// New checks the hooks and returns their Runner. Close it.
func New(o Options) (*Runner, error) {
	r := &Runner{
		game: o.Game, seats: o.Seats, log: o.Logger, metrics: o.Metrics,
		points: map[hook.Point][]*served{},
	}
	if r.log == nil {
		r.log = zap.NewNop()
	}
	names := map[string]bool{}
	for _, h := range o.Hooks {
		if h.Name == "" || names[h.Name] {
			return nil, fmt.Errorf("hooks of game %s: every hook needs a name of its own, %q", o.Game, h.Name)
		}
		names[h.Name] = true
		if err := r.add(h); err != nil {
			return nil, fmt.Errorf("hooks of game %s: %s: %w", o.Game, h.Name, err)
		}
	}
	r.background, r.stop = context.WithCancel(context.Background())
	r.startEvents(o.EventQueue)
	return r, nil
}

func (r *Runner) add(h Hook) error {
	if h.Points == nil {
		h.Points = hook.ServedPoints(h.Impl)
	}
	if len(h.Points) == 0 {
		return fmt.Errorf("it serves no extension point")
	}
	if h.Timeout < 0 {
		return fmt.Errorf("its timeout is negative")
	}
	if h.Timeout == 0 {
		h.Timeout = DefaultTimeout
	}
	s := &served{Hook: h}
	for i, p := range h.Points {
		if _, err := hook.ParsePoint(string(p)); err != nil {
			return err
		}
		if !p.ServedBy(h.Impl) {
			return fmt.Errorf("it does not serve %s", p)
		}
		if slices.Contains(h.Points[:i], p) {
			return fmt.Errorf("%s is named twice", p)
		}
		r.points[p] = append(r.points[p], s)
	}
	for p, policy := range h.OnFailure {
		if _, err := hook.ParsePolicy(string(policy)); err != nil {
			return err
		}
		if !slices.Contains(h.Points, p) {
			return fmt.Errorf("it has a policy for %s, which it does not serve", p)
		}
	}
	return nil
}

// policy is what happens when the hook fails at p.
func (s *served) policy(p hook.Point) hook.Policy {
	if policy, ok := s.OnFailure[p]; ok {
		return policy
	}
	info, _ := p.Info()
	return info.OnFailure
}

// Serves reports whether any hook serves p, so that callers need not build
// messages for nobody. It takes no lock.
func (r *Runner) Serves(p hook.Point) bool { return len(r.serving(p)) > 0 }

func (r *Runner) serving(p hook.Point) []*served {
	if r == nil {
		return nil
	}
	return r.points[p]
}

// begin counts a call in; false once the runner is closed.
func (r *Runner) begin() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.closed {
		return false
	}
	r.calls.Add(1)
	return true
}

// Close lets no call begin any more and waits for those under way, those left
// behind, and the events that wait. When ctx ends first, waiting events are
// dropped, and its error says what is left.
func (r *Runner) Close(ctx context.Context) error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		for _, q := range r.queues {
			close(q.events)
		}
	}
	r.mu.Unlock()
	idle := make(chan struct{})
	go func() {
		r.calls.Wait()
		close(idle)
	}()
	defer r.stop()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
	}
	r.stop()
	return fmt.Errorf("hooks of game %s: calls are still running: %w", r.game, ctx.Err())
}
