package hooks

import (
	"context"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/sdk/hook"
)

// queue holds the events that wait for one hook. Each hook has its own, and its
// worker, so that a slow one delays no other.
type queue struct {
	hook   *serving
	events chan *hook.Event
	// dropping is set from the first event that found the queue full until it has
	// room again, so that the log has one line for both.
	dropping atomic.Bool
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
	s := r.acquire(context.Background())
	if s == nil {
		for _, q := range r.current.Load().queues {
			r.lost(q)
		}
		return
	}
	defer s.users.out()
	for _, q := range s.queues {
		select {
		case q.events <- event:
		default:
			r.lost(q)
		}
	}
}

func (r *Runner) lost(q *queue) {
	r.metrics.lost(r.game, q.hook.served)
	if !q.dropping.Swap(true) {
		r.log.Warn("events are dropped: a hook is too slow for them",
			zap.String("game", r.game), zap.String("hook", q.hook.Name))
	}
}

// work hands a queue's events over until the queue is closed and empty, or the
// background ends. While the hook's breaker is open its events are dropped: they
// would be old when it closes, and leave no room for those that come then.
func (r *Runner) work(s *set, q *queue) {
	impl := q.hook.Impl.(hook.EventHandler)
	for event := range q.events {
		if r.background.Err() != nil {
			r.metrics.lost(r.game, q.hook.served)
			continue
		}
		if len(q.events) == 0 {
			q.dropping.Store(false)
		}
		given := own(q.hook, event)
		v := (&job[struct{}]{
			r: r, h: q.hook, users: &s.rest, check: checkNothing,
			call: func(ctx context.Context) (struct{}, error) { return struct{}{}, impl.HandleEvent(ctx, given) },
		}).ask(r.background)
		if v.failed != nil && (v.failed.code == codeTripped || v.failed.code == codeStuck) {
			r.metrics.lost(r.game, q.hook.served)
		}
	}
}
