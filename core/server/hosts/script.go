package hosts

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/fetch"
	"github.com/muster-gg/muster/runtime/script/watch"
)

// scriptSlot makes the slot of a hooks "script" block.
func (h *Hosts) scriptSlot(g *game, b *config.ScriptHooks) *slot {
	s := h.newSlot(kindScript, g.config.Name, filepath.Base(b.Entry))
	s.root, s.worker, s.memory = filepath.Dir(b.Entry), b.Isolation == config.InProcess, b.MemoryLimit
	s.usedBy(g.config.Name)
	o := script.Options{
		Game: g.config.Name, Name: s.name, Entry: b.Entry, Timeout: b.Timeout, Logger: h.log, Slots: g.slots, Build: h.sandbox.Build,
		Recorder: recorder{&h.sessions, g.config.Name},
	}
	for _, a := range g.config.Allocate {
		if a.Script != nil {
			// Its calls are bounded by the allocate block, in the runner.
			o.Timeout = max(o.Timeout, a.Script.Timeout)
		}
	}
	s.build = func(ctx context.Context) (*version, error) {
		if s.worker {
			return h.startWorker(ctx, s, o, b)
		}
		return loadScript(ctx, s, o, b.Fetch)
	}
	if b.TestOnReload {
		s.tests = func(ctx context.Context) error { return testScripts(ctx, h.sandbox, s.root) }
	}
	return s
}

// loadScript compiles a script, which may fetch from the allowed hosts.
func loadScript(ctx context.Context, s *slot, o script.Options, allow []string) (*version, error) {
	client, err := fetch.New(fetch.Options{Allow: allow})
	if err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	o.Fetch = client
	loaded, err := script.Load(ctx, o)
	if err != nil {
		client.Close()
		return nil, err
	}
	return &version{
		slot: s, host: script.Host, label: loaded.Hash(), impl: loaded.Impl(), points: loaded.Points(),
		close: func(ctx context.Context) error {
			defer client.Close()
			return loaded.Close(ctx)
		},
	}, nil
}

// watch loads a script anew whenever a file of its folder changes, until ctx ends.
func (h *Hosts) watch(ctx context.Context, s *slot) error {
	w, err := watch.New(watch.Options{Root: s.root, Logger: h.log, Changed: func(ctx context.Context) { h.scriptChanged(ctx, s) }})
	if err != nil {
		return err
	}
	h.work.Go(func() { w.Run(ctx) })
	return nil
}

// scriptChanged brings the newest version into use, or says why it does not.
func (h *Hosts) scriptChanged(ctx context.Context, s *slot) {
	_, err := h.reload(ctx, s)
	if err == nil || ctx.Err() != nil {
		return
	}
	h.mu.Lock()
	label := s.current.label
	h.mu.Unlock()
	what := "has a mistake"
	if errors.As(err, new(testsFailed)) {
		what = "fails its tests"
	}
	// In the text, not in a field: it has several lines for a person to read.
	h.log.Error(fmt.Sprintf("%s %s; version %s goes on\n%s", s, what, label, err))
}
