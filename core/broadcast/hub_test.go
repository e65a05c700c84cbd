package broadcast_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/muster-gg/muster/core/broadcast"
	"github.com/muster-gg/muster/core/broadcast/broadcasttest"
	"github.com/muster-gg/muster/core/broadcast/memory"
)

func TestEncodesOnceForEachLevel(t *testing.T) {
	f := newFixture(t)
	var one, two []*broadcasttest.Recorder
	for i := range 20 {
		r := broadcasttest.NewRecorderAt(fmt.Sprint("a", i), 1+i%2)
		f.subscribe("x", r, 0)
		if i%2 == 0 {
			one = append(one, r)
		} else {
			two = append(two, r)
		}
	}
	f.publish("x", 1, "snap")
	if n := f.encoder.calls.Load(); n != 2 {
		t.Errorf("encoded %d times, want once for each of 2 levels", n)
	}
	for _, r := range one {
		f.has(r, "snap v1 l1 "+r.Account())
	}
	for _, r := range two {
		f.has(r, "snap v1 l2 "+r.Account())
	}
	f.publish("nobody follows", 1, "snap")
	if n := f.encoder.calls.Load(); n != 2 {
		t.Errorf("a message without followers was encoded")
	}
	if n := f.delivered.Load(); n != 20 {
		t.Errorf("%d deliveries counted, want 20", n)
	}
}

func TestManyLevels(t *testing.T) {
	f := newFixture(t)
	for level := range 9 {
		f.subscribe("x", broadcasttest.NewRecorderAt("a", level), 0)
		f.subscribe("x", broadcasttest.NewRecorderAt("a", level), 0)
	}
	f.publish("x", 1, "snap")
	if n := f.encoder.calls.Load(); n != 9 {
		t.Errorf("encoded %d times, want 9", n)
	}
}

func TestStaleSnapshotsAreLeftOut(t *testing.T) {
	f := newFixture(t)
	fresh, seen := broadcasttest.NewRecorder("fresh"), broadcasttest.NewRecorder("seen")
	f.subscribe("x", fresh, 0)
	f.subscribe("x", seen, 5)
	f.publish("x", 4, "snap")
	f.publish("x", 5, "snap")
	f.publish("x", 5, "event") // events are told, stale or not
	f.publish("x", 0, "chat")
	f.publish("x", 7, "two")
	f.publish("x", 6, "snap") // overtaken
	f.publish("x", 0, "chat")
	f.publish("x", 8, "snap")
	f.has(fresh, "snap v4 l1 fresh", "snap v5 l1 fresh", "event v5 l1 fresh", "chat v0 l1 fresh", "two v7 l1 fresh", "second", "chat v0 l1 fresh", "snap v8 l1 fresh")
	f.has(seen, "event v5 l1 seen", "chat v0 l1 seen", "two v7 l1 seen", "second", "chat v0 l1 seen", "snap v8 l1 seen")
}

func TestSubscribingAgainMoves(t *testing.T) {
	f := newFixture(t)
	r := broadcasttest.NewRecorder("r")
	f.subscribe("a", r, 0)
	f.publish("a", 3, "snap")
	f.subscribe("b", r, 0)
	f.stats(1, 1)
	f.broker.check(t, "b")
	f.publish("a", 4, "snap")
	f.publish("b", 1, "snap") // versions of another topic do not count
	f.subscribe("b", r, 0)    // what was seen stays seen
	f.publish("b", 1, "snap")
	f.subscribe("b", r, 9)
	f.publish("b", 8, "snap")
	f.publish("b", 10, "snap")
	f.has(r, "snap v3 l1 r", "snap v1 l1 r", "snap v10 l1 r")
	f.stats(1, 1)
	f.hub.Unsubscribe(context.Background(), r)
	f.stats(0, 0)
	f.broker.check(t)
	f.publish("b", 11, "snap")
	f.hub.Unsubscribe(context.Background(), r)
	f.hub.Unsubscribe(context.Background(), broadcasttest.NewRecorder("never seen"))
	f.has(r, "snap v3 l1 r", "snap v1 l1 r", "snap v10 l1 r")
}

func TestLastEndsTheSubscription(t *testing.T) {
	f := newFixture(t)
	a, b, c := broadcasttest.NewRecorder("a"), broadcasttest.NewRecorder("b"), broadcasttest.NewRecorder("c")
	for _, r := range []*broadcasttest.Recorder{a, b, c} {
		f.subscribe("x", r, 0)
	}
	f.publish("x", 1, "end:b")
	f.publish("x", 2, "snap")
	f.has(b, "end:b v1 l1 b")
	f.stats(1, 2)
	f.hub.Unsubscribe(context.Background(), b)
	f.subscribe("x", b, 2)
	f.publish("x", 3, "end")
	f.publish("x", 4, "snap")
	f.has(a, "end:b v1 l1 a", "snap v2 l1 a", "end v3 l1 a")
	f.has(b, "end:b v1 l1 b", "end v3 l1 b")
	f.subscribe("y", c, 0) // the others are at rest until they follow again
	f.publish("y", 1, "snap")
	f.has(c, "end:b v1 l1 c", "snap v2 l1 c", "end v3 l1 c", "snap v1 l1 c")
	if err := f.hub.Close(); err != nil { // waits for the topic's end at the broker
		t.Fatal(err)
	}
	f.stats(0, 0)
}

func TestEncoderFails(t *testing.T) {
	f := newFixture(t)
	one, two := broadcasttest.NewRecorderAt("one", 1), broadcasttest.NewRecorderAt("two", 2)
	f.subscribe("x", one, 0)
	f.subscribe("x", two, 0)
	f.publish("x", 5, "fail at 2")
	f.has(one, "fail at 2 v5 l1 one")
	f.has(two)
	f.publish("x", 5, "snap") // one has seen 5, two has not
	f.has(one, "fail at 2 v5 l1 one")
	f.has(two, "snap v5 l2 two")
	if n := f.failed.Load(); n != 1 {
		t.Errorf("%d failures counted, want 1", n)
	}
}

func TestBrokerRefuses(t *testing.T) {
	f := newFixture(t)
	r := broadcasttest.NewRecorder("r")
	f.subscribe("a", r, 0)
	f.broker.fail = errors.New("no broker")
	if err := f.hub.Subscribe(context.Background(), topic("b"), r, 0); !errors.Is(err, f.broker.fail) {
		t.Fatalf("Subscribe: %v", err)
	}
	if err := f.hub.Subscribe(context.Background(), topic("b"), broadcasttest.NewRecorder("new"), 0); !errors.Is(err, f.broker.fail) {
		t.Fatalf("Subscribe: %v", err)
	}
	f.stats(1, 1)
	f.publish("a", 1, "snap")
	f.has(r, "snap v1 l1 r")
	f.broker.fail = nil
	f.subscribe("b", r, 0)
	f.publish("b", 1, "snap")
	f.has(r, "snap v1 l1 r", "snap v1 l1 r")
}

// Deliveries go on while the broker is slow to subscribe.
func TestDeliveryDoesNotWaitForTheBroker(t *testing.T) {
	f := newFixture(t)
	a := broadcasttest.NewRecorder("a")
	f.subscribe("x", a, 0)
	block := make(chan struct{})
	f.broker.mu.Lock()
	f.broker.block = block
	f.broker.mu.Unlock()
	done := make(chan error)
	b := broadcasttest.NewRecorder("b")
	for _, r := range []*broadcasttest.Recorder{a, b} {
		go func() { done <- f.hub.Subscribe(context.Background(), topic("y"), r, 0) }()
	}
	<-f.broker.blocked
	f.publish("x", 1, "snap")
	f.publish("y", 1, "snap")
	f.publish("x", 2, "end") // ends what a still follows, and the topic
	f.has(a, "snap v1 l1 a", "end v2 l1 a")
	close(block)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	f.publish("y", 2, "snap")
	f.has(b, "snap v2 l1 b")
	f.has(a, "snap v1 l1 a", "end v2 l1 a", "snap v2 l1 a")
}

// A topic that ends and is followed again at once stays subscribed at the broker.
func TestFollowedAgainWhileItEnds(t *testing.T) {
	f := newFixture(t)
	for round := range 500 {
		r := broadcasttest.NewRecorder("r")
		f.subscribe("x", r, 0)
		f.publish("x", 1, "snap")
		runtime.Gosched()
		f.publish("x", 2, "end")
		if got := len(r.Texts()); got != 2 {
			t.Fatalf("round %d: %d messages came, want 2", round, got)
		}
	}
}

// An Unsubscribe that comes while Subscribe waits for the broker is the last word.
func TestUnsubscribeDuringSubscribe(t *testing.T) {
	f := newFixture(t)
	for range 50 {
		block := make(chan struct{})
		f.broker.mu.Lock()
		f.broker.block = block
		f.broker.mu.Unlock()
		r := broadcasttest.NewRecorder("r")
		var wg sync.WaitGroup
		wg.Go(func() { f.subscribe("x", r, 0) })
		<-f.broker.blocked
		calling := make(chan struct{})
		wg.Go(func() {
			close(calling)
			f.hub.Unsubscribe(context.Background(), r)
		})
		<-calling
		for range 20 {
			runtime.Gosched()
		}
		close(block)
		wg.Wait()
		f.stats(0, 0)
		f.broker.check(t)
	}
}

func TestClose(t *testing.T) {
	f := newFixture(t)
	r := broadcasttest.NewRecorder("r")
	f.subscribe("x", r, 0)
	for range 2 {
		if err := f.hub.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !f.broker.closed.Load() {
		t.Error("the broker is open")
	}
	if err := f.hub.Subscribe(context.Background(), topic("x"), r, 0); !errors.Is(err, broadcast.ErrClosed) {
		t.Errorf("Subscribe: %v", err)
	}
	if err := f.hub.Publish(context.Background(), broadcast.Message{Topic: topic("x")}); !errors.Is(err, broadcast.ErrClosed) {
		t.Errorf("Publish: %v", err)
	}
	f.hub.Unsubscribe(context.Background(), r)
	f.hub.Deliver(broadcast.Message{Topic: topic("x"), Payload: broadcast.Bytes("late")})
	f.has(r)
}

func TestOptionsAreRequired(t *testing.T) {
	for _, o := range []broadcast.Options{{}, {Encoder: &encoder{}}, {Connect: memory.New}} {
		if _, err := broadcast.NewHub(o); err == nil {
			t.Errorf("NewHub(%+v) succeeded", o)
		}
	}
	refused := errors.New("refused")
	_, err := broadcast.NewHub(broadcast.Options{Encoder: &encoder{}, Connect: func(func(broadcast.Message)) (broadcast.Broker, error) { return nil, refused }})
	if !errors.Is(err, refused) {
		t.Errorf("NewHub: %v", err)
	}
}
