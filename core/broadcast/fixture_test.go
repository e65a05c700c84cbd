package broadcast_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/muster-gg/muster/core/broadcast"
	"github.com/muster-gg/muster/core/broadcast/broadcasttest"
	"github.com/muster-gg/muster/core/broadcast/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// nodeBroker is the memory broker that also keeps account of what it is told.
type nodeBroker struct {
	broadcast.Broker
	mu         sync.Mutex
	subscribed map[broadcast.Topic]bool
	wrong      []string
	fail       error
	closed     atomic.Bool
	block      chan struct{} // when not nil, Subscribe waits for it
	blocked    chan struct{}
}

func newNodeBroker() *nodeBroker {
	return &nodeBroker{subscribed: make(map[broadcast.Topic]bool), blocked: make(chan struct{}, 100)}
}

func (b *nodeBroker) connect(deliver func(broadcast.Message)) (broadcast.Broker, error) {
	var err error
	b.Broker, err = memory.New(deliver)
	return b, err
}

func (b *nodeBroker) Subscribe(_ context.Context, t broadcast.Topic) error {
	b.mu.Lock()
	block := b.block
	b.mu.Unlock()
	if block != nil {
		b.blocked <- struct{}{}
		<-block
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	if b.subscribed[t] {
		b.wrong = append(b.wrong, "subscribed twice to "+t.ID)
	}
	b.subscribed[t] = true
	return nil
}

// Publish delivers only what the hub has subscribed to, as a broker may.
func (b *nodeBroker) Publish(ctx context.Context, m broadcast.Message) error {
	b.mu.Lock()
	subscribed := b.subscribed[m.Topic]
	b.mu.Unlock()
	if !subscribed {
		return nil
	}
	return b.Broker.Publish(ctx, m)
}

func (b *nodeBroker) Unsubscribe(_ context.Context, t broadcast.Topic) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.subscribed[t] {
		b.wrong = append(b.wrong, "unsubscribed without being subscribed from "+t.ID)
	}
	delete(b.subscribed, t)
	return nil
}

func (b *nodeBroker) Close() error {
	b.closed.Store(true)
	return nil
}

// check fails when calls came in a wrong order or the topics are not those wanted.
func (b *nodeBroker) check(t *testing.T, want ...string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.wrong) > 0 || len(b.subscribed) != len(want) {
		t.Errorf("the broker has %d topics, want %v; %v", len(b.subscribed), want, b.wrong)
	}
	for _, id := range want {
		if !b.subscribed[topic(id)] {
			t.Errorf("the broker does not have topic %s", id)
		}
	}
}

func topic(id string) broadcast.Topic { return broadcast.Topic{Game: "arena", ID: id} }

// encoder turns payloads "all", "end" (last) and "end:account" (last for one)
// into one frame that names version, level and account. Snapshots are "snap".
type encoder struct{ calls atomic.Int64 }

func (e *encoder) Encode(m broadcast.Message, level int) (broadcast.Audience, error) {
	e.calls.Add(1)
	text := string(m.Payload.(broadcast.Bytes))
	if text == fmt.Sprint("fail at ", level) {
		return nil, errors.New("not encodable")
	}
	return audience{text, m.Version, level}, nil
}

type audience struct {
	text    string
	version uint64
	level   int
}

func (a audience) For(account string, stale bool) ([]*broadcast.Frame, bool) {
	last := a.text == "end" || a.text == "end:"+account
	if a.text == "snap" && stale {
		return nil, last
	}
	frame := broadcast.NewFrame(fmt.Appendf(nil, "%s v%d l%d %s", a.text, a.version, a.level, account))
	if a.text == "two" {
		return []*broadcast.Frame{frame, broadcast.NewFrame([]byte("second"))}, last
	}
	return []*broadcast.Frame{frame}, last
}

type count struct{ atomic.Int64 }

func (c *count) Add(n float64) { c.Int64.Add(int64(n)) }

type fixture struct {
	*testing.T
	hub               *broadcast.Hub
	broker            *nodeBroker
	encoder           *encoder
	delivered, failed *count
}

func newFixture(t *testing.T) *fixture {
	f := &fixture{T: t, broker: newNodeBroker(), encoder: &encoder{}, delivered: &count{}, failed: &count{}}
	var err error
	f.hub, err = broadcast.NewHub(broadcast.Options{
		Encoder: f.encoder, Connect: f.broker.connect, Delivered: f.delivered, Failed: f.failed,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.hub.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		f.stats(0, 0)
		f.broker.check(t)
	})
	return f
}

func (f *fixture) subscribe(id string, s broadcast.Subscriber, since uint64) {
	f.Helper()
	if err := f.hub.Subscribe(context.Background(), topic(id), s, since); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) publish(id string, version uint64, text string) {
	f.Helper()
	if err := f.hub.Publish(context.Background(), broadcast.Message{Topic: topic(id), Version: version, Payload: broadcast.Bytes(text)}); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) stats(topics, subscribers int) {
	f.Helper()
	if gotTopics, gotSubscribers := f.hub.Stats(); gotTopics != topics || gotSubscribers != subscribers {
		f.Errorf("%d topics and %d subscribers, want %d and %d", gotTopics, gotSubscribers, topics, subscribers)
	}
}

func (f *fixture) has(r *broadcasttest.Recorder, want ...string) {
	f.Helper()
	if got := r.Texts(); fmt.Sprint(got) != fmt.Sprint(want) {
		f.Errorf("%s has %q, want %q", r.Account(), got, want)
	}
}
