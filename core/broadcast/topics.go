package broadcast

import (
	"context"
	"hash/maphash"
	"sync"
)

// shards is the number of locks over topics and over subscribers; a power of two.
const shards = 64

// topic is one topic that this node follows.
type topic struct {
	name Topic
	// uses is guarded by the shard: subscriptions, and calls that are about to make one.
	uses int

	// link orders the calls to the broker; it may be held over a network round
	// trip, so deliveries never take it.
	link   sync.Mutex
	linked bool

	// mu serializes deliveries.
	mu   sync.Mutex
	subs []*subscription
}

// subscription is one subscriber in a topic. Its last fields are guarded by the topic's mu.
type subscription struct {
	subscriber Subscriber
	account    string
	level      int
	topic      *topic

	last uint64
	at   int // place in topic.subs
	in   bool
}

// connect makes sure that the broker hands us the topic's messages.
func (tp *topic) connect(ctx context.Context, b Broker) error {
	tp.link.Lock()
	defer tp.link.Unlock()
	if tp.linked {
		return nil
	}
	if err := b.Subscribe(ctx, tp.name); err != nil {
		return err
	}
	tp.linked = true
	return nil
}

func (tp *topic) add(s *subscription) {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	s.at, s.in = len(tp.subs), true
	tp.subs = append(tp.subs, s)
}

// raise lets a subscription count since as seen. False: it is no longer in the topic.
func (tp *topic) raise(s *subscription, since uint64) bool {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	s.last = max(s.last, since)
	return s.in
}

// remove takes s out. False: it was out already.
func (tp *topic) remove(s *subscription) bool {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	if !s.in {
		return false
	}
	tp.take(s)
	return true
}

// take moves the last subscription into the place of s. The caller holds mu.
func (tp *topic) take(s *subscription) {
	n := len(tp.subs) - 1
	moved := tp.subs[n]
	tp.subs[s.at], moved.at = moved, s.at
	tp.subs[n] = nil
	tp.subs = tp.subs[:n]
	s.in = false
}

// topics is the sharded map of all topics of a node.
type topics struct {
	seed  maphash.Seed
	shard [shards]struct {
		mu sync.RWMutex
		m  map[Topic]*topic
	}
}

func (ts *topics) init() {
	ts.seed = maphash.MakeSeed()
	for i := range ts.shard {
		ts.shard[i].m = make(map[Topic]*topic)
	}
}

func (ts *topics) index(t Topic) int {
	// Ids are unique in themselves for nearly all topics, the game adds nothing.
	return int(maphash.String(ts.seed, t.ID) % shards)
}

// find returns a topic or nil.
func (ts *topics) find(t Topic) *topic {
	sh := &ts.shard[ts.index(t)]
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	return sh.m[t]
}

// acquire returns the topic with one more use; release gives it back.
func (ts *topics) acquire(t Topic) *topic {
	sh := &ts.shard[ts.index(t)]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	tp := sh.m[t]
	if tp == nil {
		tp = &topic{name: t}
		sh.m[t] = tp
	}
	tp.uses++
	return tp
}

// release ends one use and says whether it was the last; then retire must follow.
func (ts *topics) release(tp *topic) (last bool) {
	sh := &ts.shard[ts.index(tp.name)]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	tp.uses--
	return tp.uses == 0
}

// retire ends the broker's subscription and removes the topic, unless it is in
// use again. It stays in the map until the broker was told, so that a new
// follower's Subscribe cannot overtake our Unsubscribe.
func (ts *topics) retire(ctx context.Context, tp *topic, b Broker) error {
	sh := &ts.shard[ts.index(tp.name)]
	unused := func(then func()) bool {
		sh.mu.Lock()
		defer sh.mu.Unlock()
		if tp.uses == 0 && sh.m[tp.name] == tp {
			then()
			return true
		}
		return false
	}
	tp.link.Lock()
	defer tp.link.Unlock()
	if !unused(func() {}) {
		return nil
	}
	var err error
	if tp.linked {
		err = b.Unsubscribe(ctx, tp.name)
		tp.linked = false
	}
	unused(func() { delete(sh.m, tp.name) })
	return err
}

func (ts *topics) count() int {
	n := 0
	for i := range ts.shard {
		sh := &ts.shard[i]
		sh.mu.RLock()
		n += len(sh.m)
		sh.mu.RUnlock()
	}
	return n
}
