package hosts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"
)

// errClosed says that the node is ending.
var errClosed = errors.New("the server is stopping")

// reload builds the next version of a slot and puts it into use in every game
// that has it, or in none.
func (h *Hosts) reload(ctx context.Context, s *slot) (*version, error) {
	select {
	case <-s.turn:
		defer func() { s.turn <- struct{}{} }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	began := time.Now()
	next, err := s.build(ctx)
	if err == nil {
		if s.tests != nil {
			err = s.tests(ctx)
		}
		if err == nil {
			err = h.replace(s, next)
		}
		if err != nil {
			err = errors.Join(err, next.close(context.WithoutCancel(ctx)))
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.failed = err
	if err != nil {
		h.options.Metrics.reloaded(s, "failed")
		return nil, err
	}
	h.options.Metrics.reloaded(s, "ok")
	h.log.Info("new version in use", zap.String(string(s.kind), s.name), zap.String("game", s.game),
		zap.String("version", next.label), zap.Duration("took", time.Since(began)))
	return next, nil
}

// replace swaps a version in. Games whose hooks cannot be put together keep what
// they have, and then all games do.
func (h *Hosts) replace(s *slot, next *version) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return errClosed
	}
	sets := make(map[*game]*set, len(s.of))
	for _, name := range s.of {
		g := h.games[name]
		made, err := g.assemble(map[*slot]*version{s: next})
		if err != nil {
			return err
		}
		sets[g] = made
	}
	before := make(map[*game]*set, len(sets))
	for g, made := range sets {
		old := g.set
		if err := h.swap(g, made.hold()); err != nil {
			h.release(context.Background(), made)
			for g, old := range before {
				err = errors.Join(err, h.swap(g, old.hold()))
			}
			return err
		}
		before[g] = old
	}
	next.users++
	old := s.current
	s.current = next
	h.drop(context.Background(), old)
	return nil
}

// swap gives a game's runner another set; the old one is released when no call,
// start or event uses it any more. Hosts.mu is held.
func (h *Hosts) swap(g *game, next *set) error {
	retired, err := g.runner.Swap(next.hooks)
	if err != nil {
		return fmt.Errorf("game %s: %w", g.config.Name, err)
	}
	old := g.set
	g.set = next
	h.work.Go(func() {
		<-retired.Done()
		h.mu.Lock()
		defer h.mu.Unlock()
		h.release(context.Background(), old)
	})
	return nil
}
