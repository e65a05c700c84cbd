package gameserver

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// degradedAfter is how many refused signs of health in a row are worth a warning.
const degradedAfter = 6

// health sends signs of health from a goroutine of its own.
type health struct {
	failures atomic.Int32
	done     chan struct{}
}

// startHealth begins at once; the platform counts from the process's start.
func startHealth(ctx context.Context, h host, every time.Duration, log *slog.Logger) *health {
	p := &health{done: make(chan struct{})}
	go func() {
		defer close(p.done)
		t := time.NewTicker(every)
		defer t.Stop()
		for {
			p.note(ctx, h.health(ctx), log)
			select {
			case <-t.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return p
}

func (p *health) note(ctx context.Context, err error, log *slog.Logger) {
	switch {
	case err == nil:
		if p.failures.Swap(0) >= degradedAfter {
			log.Info("health is accepted again")
		}
	case ctx.Err() == nil:
		if p.failures.Add(1) == degradedAfter {
			log.Warn("health is not accepted", "error", err)
		}
	}
}

func (p *health) ok() bool { return p.failures.Load() < degradedAfter }

func (p *health) wait() { <-p.done }
