package broadcast

import (
	"context"

	"go.uber.org/zap"
)

// encoded is a message in one level. A nil audience: it could not be encoded.
type encoded struct {
	level    int
	audience Audience
}

// Deliver hands m to the followers of its topic on this node and returns when
// all of them have its frames in their queues. The broker calls it, one message
// of a topic at a time.
func (h *Hub) Deliver(m Message) {
	h.life.RLock()
	defer h.life.RUnlock()
	if h.closed.Load() {
		return
	}
	tp := h.topics.find(m.Topic)
	if tp == nil {
		return
	}
	ended := h.fanOut(tp, m)
	last := false
	for _, sub := range ended {
		h.members.ended(sub)
		last = h.topics.release(tp) || last
	}
	if last {
		// The broker may be waiting for this very call to return.
		h.cleanups.Go(func() { h.forget(context.Background(), tp) })
	}
}

// fanOut returns the subscriptions that the message ended; they are out of tp.
func (h *Hub) fanOut(tp *topic, m Message) (ended []*subscription) {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	var room [4]encoded
	levels := room[:0]
	sent := 0
	// Backwards, since taking one out moves the last into its place.
	for i := len(tp.subs) - 1; i >= 0; i-- {
		sub := tp.subs[i]
		at := 0
		for at < len(levels) && levels[at].level != sub.level {
			at++
		}
		if at == len(levels) {
			levels = append(levels, encoded{sub.level, h.encode(m, sub.level)})
		}
		if levels[at].audience == nil {
			continue
		}
		stale := m.Version != 0 && m.Version <= sub.last
		frames, last := levels[at].audience.For(sub.account, stale)
		for _, f := range frames {
			sub.subscriber.Send(f)
		}
		sent += len(frames)
		sub.last = max(sub.last, m.Version)
		if last {
			tp.take(sub)
			ended = append(ended, sub)
		}
	}
	if sent > 0 {
		h.delivered.Add(float64(sent))
	}
	return ended
}

func (h *Hub) encode(m Message, level int) Audience {
	audience, err := h.encoder.Encode(m, level)
	if err != nil {
		h.failed.Add(1)
		h.logger.Error("broadcast: message not encoded", zap.String("game", m.Topic.Game),
			zap.String("topic", m.Topic.ID), zap.Uint64("version", m.Version), zap.Int("level", level), zap.Error(err))
		return nil
	}
	return audience
}
