package broadcast

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"
)

// ErrClosed is returned by a hub after Close.
var ErrClosed = errors.New("broadcast: closed")

// Connect makes the broker of a hub. The broker calls deliver for every message
// of a topic that the hub subscribed to, in order for each topic. memory.New is one.
type Connect func(deliver func(Message)) (Broker, error)

// Counter counts upwards; prometheus.Counter is one.
type Counter interface{ Add(float64) }

// Options are what a hub needs.
type Options struct {
	// Encoder turns messages into frames. Required.
	Encoder Encoder
	// Connect makes the broker. Required. A broker that is an io.Closer is
	// closed by the hub's Close.
	Connect Connect
	// Logger may be nil.
	Logger *zap.Logger
	// Delivered counts frames handed to subscribers, Failed messages that could
	// not be encoded for a level. Each may be nil.
	Delivered, Failed Counter
}

// Hub knows which sockets of this node follow which topic and hands them what is
// told there. Messages of one topic are delivered one after another, those of
// different topics side by side. All methods may be called from any goroutine,
// but not from within Encode, Audience.For or Subscriber.Send.
type Hub struct {
	encoder   Encoder
	broker    Broker
	logger    *zap.Logger
	delivered Counter
	failed    Counter

	topics  topics
	members members

	closed atomic.Bool
	// life is held for reading while new cleanups may be started.
	life     sync.RWMutex
	cleanups sync.WaitGroup
}

// NewHub returns a hub that is connected to its broker.
func NewHub(o Options) (*Hub, error) {
	if o.Encoder == nil || o.Connect == nil {
		return nil, errors.New("broadcast: Encoder and Connect are required")
	}
	h := &Hub{encoder: o.Encoder, logger: o.Logger, delivered: o.Delivered, failed: o.Failed}
	if h.logger == nil {
		h.logger = zap.NewNop()
	}
	if h.delivered == nil {
		h.delivered = noCounter{}
	}
	if h.failed == nil {
		h.failed = noCounter{}
	}
	h.topics.init()
	h.members.init()
	var err error
	h.broker, err = o.Connect(h.Deliver)
	if err != nil {
		return nil, err
	}
	return h, nil
}

type noCounter struct{}

func (noCounter) Add(float64) {}

// Subscribe lets s follow t. A subscriber follows at most one topic: subscribing
// again moves it, and nothing of the old topic reaches it after Subscribe has
// returned. since is the version of t that s has already seen; 0 for none. What is
// published after Subscribe has returned reaches s. Subscribers are told apart
// by ==, so they should be pointers. After an error s follows what it followed before.
func (h *Hub) Subscribe(ctx context.Context, t Topic, s Subscriber, since uint64) error {
	if h.closed.Load() {
		return ErrClosed
	}
	m := h.members.enter(s)
	defer h.members.leave(s, m)

	if old := h.members.current(s, m); old != nil && old.topic.name == t && old.topic.raise(old, since) {
		return nil
	}
	tp := h.topics.acquire(t)
	if err := tp.connect(ctx, h.broker); err != nil {
		h.release(context.WithoutCancel(ctx), tp)
		return err
	}
	h.drop(context.WithoutCancel(ctx), h.members.set(s, m, nil))
	sub := &subscription{subscriber: s, account: s.Account(), level: s.Level(), last: since, topic: tp}
	// The index comes first: a delivery that ends the subscription at once must find it there.
	h.members.set(s, m, sub)
	tp.add(sub)
	if h.closed.Load() { // Close may have passed by in the meantime
		h.drop(context.WithoutCancel(ctx), h.members.set(s, m, nil))
		return ErrClosed
	}
	return nil
}

// Unsubscribe ends what s follows; it is harmless when s follows nothing. No
// Send begins after it has returned. Whoever closes a subscriber calls it.
func (h *Hub) Unsubscribe(ctx context.Context, s Subscriber) {
	m := h.members.enter(s)
	h.drop(context.WithoutCancel(ctx), h.members.set(s, m, nil))
	h.members.leave(s, m)
}

// Publish tells m to the followers of its topic on all nodes.
func (h *Hub) Publish(ctx context.Context, m Message) error {
	if h.closed.Load() {
		return ErrClosed
	}
	return h.broker.Publish(ctx, m)
}

// Stats are the topics and subscribers of this node at some moment.
func (h *Hub) Stats() (topics, subscribers int) { return h.topics.count(), h.members.count() }

// Close ends all subscriptions and closes the broker when it is an io.Closer.
// Subscribe and Publish fail afterwards, deliveries are ignored.
func (h *Hub) Close() error {
	h.life.Lock()
	again := h.closed.Swap(true)
	h.life.Unlock()
	if again {
		return nil
	}
	for _, s := range h.members.all() {
		h.Unsubscribe(context.Background(), s)
	}
	h.cleanups.Wait()
	if c, ok := h.broker.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// drop takes a subscription out of its topic; nil and one that is out already
// are left alone.
func (h *Hub) drop(ctx context.Context, sub *subscription) {
	if sub != nil && sub.topic.remove(sub) {
		h.release(ctx, sub.topic)
	}
}

// release gives a use of tp back and forgets it after the last one.
func (h *Hub) release(ctx context.Context, tp *topic) {
	if h.topics.release(tp) {
		h.forget(ctx, tp)
	}
}

// forget tells the broker that nobody follows tp, unless somebody does again.
func (h *Hub) forget(ctx context.Context, tp *topic) {
	if err := h.topics.retire(ctx, tp, h.broker); err != nil {
		h.logger.Warn("broadcast: topic not given up", zap.String("game", tp.name.Game), zap.String("topic", tp.name.ID), zap.Error(err))
	}
}
