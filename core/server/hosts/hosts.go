// Package hosts keeps what runs the rules of games: plugin processes, scripts and
// Go values. It starts them, gives each game's runner its hooks, and replaces a
// version by the next one: the new one is built and checked, swapped in, and the
// old one ends when nobody uses it any more. A new version that is bad changes
// nothing but the log.
package hosts

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/runtime/native"
	"github.com/muster-gg/muster/runtime/process"
	"github.com/muster-gg/muster/runtime/sandbox"
	"github.com/muster-gg/muster/sdk/hook"
)

// Options say what is hosted.
type Options struct {
	Config  *config.Config
	Version string
	// Native are rules in Go, by game; they come before those of the config.
	Native map[string][]*native.Hook
	// Platform is what hooks of a game may ask for.
	Platform func(game string) hook.Host
	Logger   *zap.Logger
	// Metrics may be nil.
	Metrics *Metrics
}

// Hosts are the hosts of one node's games. Its methods may be called from any goroutine.
type Hosts struct {
	options Options
	log     *zap.Logger
	slots   []*slot
	games   map[string]*game
	// sandbox bundles and tests scripts.
	sandbox *sandbox.Sandbox
	// sessions record calls of scripts.
	sessions sessions

	run  context.CancelFunc // ends the watchers
	work sync.WaitGroup     // watchers, and whoever ends an old version

	mu     sync.Mutex // guards what slots and games have as current, and versions' users
	closed bool
	errs   []error // of versions that could not be closed
}

// Start starts every plugin that a game uses and loads every script, all side by
// side. On an error nothing is left running; one about the config file is
// Misconfigured. Close what it returns.
func Start(ctx context.Context, o Options) (*Hosts, error) {
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	h := &Hosts{options: o, log: o.Logger, games: map[string]*game{}, sandbox: sandbox.New(sandbox.Options{}), run: func() {}}
	if err := process.RemoveLeftovers(); err != nil {
		h.log.Warn("folders of processes that an earlier run started stay", zap.Error(err))
	}
	for i := range o.Config.Games {
		if err := h.addGame(&o.Config.Games[i]); err != nil {
			return nil, err
		}
	}
	err := h.fill(ctx)
	if err == nil {
		err = h.uses()
	}
	if err == nil {
		err = h.first()
	}
	if err != nil {
		return nil, errors.Join(err, h.Close(context.WithoutCancel(ctx)))
	}
	return h, nil
}

// fill builds the first version of every slot.
func (h *Hosts) fill(ctx context.Context) error {
	var all errgroup.Group
	errs := make([]error, len(h.slots))
	for i, s := range h.slots {
		all.Go(func() error {
			v, err := s.build(ctx)
			if err != nil {
				errs[i] = s.named(err)
				return nil
			}
			h.mu.Lock()
			defer h.mu.Unlock()
			v.users++
			s.current = v
			return nil
		})
	}
	_ = all.Wait() // every slot's own error counts
	return together(errs)
}

// together joins errors; what is wrong with the config file comes as one of them.
func together(errs []error) error {
	var wrong config.Diagnostics
	var rest []error
	for _, err := range errs {
		var m Misconfigured
		if errors.As(err, &m) {
			wrong = append(wrong, m.Diagnostics...)
		} else {
			rest = append(rest, err)
		}
	}
	if len(wrong) > 0 {
		rest = append(rest, Misconfigured{wrong})
	}
	return errors.Join(rest...)
}

// uses says where the config asks plugins for what they do not serve.
func (h *Hosts) uses() error {
	found := h.options.Config.CheckUses(func(game, plugin string) ([]string, bool) {
		s := h.slot(kindPlugin, game, plugin)
		if s == nil || s.current == nil {
			return nil, false
		}
		return s.current.process.Description().GetPoints(), true
	})
	if found.HasErrors() {
		return Misconfigured{found}
	}
	return nil
}

// first puts every game's first hooks together.
func (h *Hosts) first() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var errs []error
	for _, g := range h.games {
		set, err := g.assemble(nil)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		g.set = set.hold()
	}
	return errors.Join(errs...)
}

// Hooks are the hooks that a game begins with, for the runner that Attach gets.
func (h *Hosts) Hooks(game string) []hooks.Hook {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.games[game].set.hooks
}

// Attach says which runner gets a game's hooks when they change.
func (h *Hosts) Attach(game string, r *hooks.Runner) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.games[game].runner = r
}

// Watch begins to look for changed scripts; Close ends that.
func (h *Hosts) Watch() error {
	ctx, cancel := context.WithCancel(context.Background())
	h.run = cancel
	for _, s := range h.slots {
		if s.root == "" {
			continue
		}
		if err := h.watch(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
		if s.tests != nil {
			h.work.Go(func() { h.warnOfTests(ctx, s) })
		}
	}
	return nil
}

// Close ends all processes and scripts. The games' runners must have been closed.
// ctx bounds how long calls under way may take; nothing is left after it.
func (h *Hosts) Close(ctx context.Context) error {
	h.run()
	h.mu.Lock()
	if !h.closed {
		h.closed = true
		for _, g := range h.games {
			h.release(ctx, g.set)
		}
		for _, s := range h.slots {
			h.drop(ctx, s.current)
		}
	}
	h.mu.Unlock()
	h.work.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	return errors.Join(h.errs...)
}
