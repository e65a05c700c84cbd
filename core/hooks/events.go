package hooks

import (
	"context"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/sdk/hook"
)

// queue holds the events that wait for one hook.
type queue struct {
	hook   *served
	events chan *hook.Event
	// dropping is set from the first event that found the queue full until it has
	// room again, so that the log has one line for both.
	dropping atomic.Bool
}

// startEvents gives every hook that handles events a queue and its worker, so that
// a slow one delays no other.
func (r *Runner) startEvents(size int) {
	if size <= 0 {
		size = DefaultEventQueue
	}
	for _, h := range r.points[hook.PointEvents] {
		q := &queue{hook: h, events: make(chan *hook.Event, size)}
		r.queues = append(r.queues, q)
		r.calls.Go(func() { r.work(q) })
	}
}

// Emit tells all event hooks what happened, in the order of the calls. It never
// waits: a hook whose queue is full misses the event, which is counted. The event
// must not be changed afterwards. Game and, when it is 0, At are filled in.
func (r *Runner) Emit(event *hook.Event) {
	if !r.Serves(hook.PointEvents) || event == nil {
		return
	}
	event.Game = r.game
	if event.At == 0 {
		event.At = time.Now().UnixMilli()
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, q := range r.queues {
		if !r.closed {
			select {
			case q.events <- event:
				continue
			default:
			}
		}
		r.metrics.lost(r.game, q.hook)
		if !q.dropping.Swap(true) {
			r.log.Warn("events are dropped: a hook is too slow for them",
				zap.String("game", r.game), zap.String("hook", q.hook.Name))
		}
	}
}

// work hands a queue's events over until the queue is closed and empty, or the
// background ends.
func (r *Runner) work(q *queue) {
	impl := q.hook.Impl.(hook.EventHandler)
	for event := range q.events {
		if r.background.Err() != nil {
			r.metrics.lost(r.game, q.hook)
			continue
		}
		if len(q.events) == 0 {
			q.dropping.Store(false)
		}
		given := own(q.hook, event)
		r.tell(q.hook, func(ctx context.Context) error { return impl.HandleEvent(ctx, given) })
	}
}

// tell makes one call of an event hook. Events that wait are told even while the
// runner closes.
func (r *Runner) tell(h *served, call func(context.Context) error) {
	r.calls.Add(1) // the worker itself is counted, so this cannot be the first
	began := time.Now()
	got := run(r.background, r, h, hook.PointEvents, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, call(ctx)
	})
	how, failed := outcomeOK, (*failure)(nil)
	switch {
	case got.err == nil:
	case r.background.Err() != nil:
		how = outcomeCancelled
	default:
		if _, failed = classify(hook.PointEvents, got.err); failed.code == codeTimeout {
			how = outcomeTimeout
		} else {
			how = outcomeFailed
		}
	}
	r.report(h, hook.PointEvents, how, time.Since(began), failed, got.stack)
}
