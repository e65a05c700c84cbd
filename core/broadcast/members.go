package broadcast

import (
	"hash/maphash"
	"sync"
)

// member is a subscriber that follows something or is about to.
type member struct {
	// calls lets one Subscribe or Unsubscribe of a subscriber run at a time.
	// Deliveries never take it.
	calls sync.Mutex
	// waiting and sub are guarded by the shard.
	waiting int
	sub     *subscription
}

// members finds the subscription of each subscriber.
type members struct {
	seed  maphash.Seed
	shard [shards]struct {
		mu sync.Mutex
		m  map[Subscriber]*member
	}
}

func (ms *members) init() {
	ms.seed = maphash.MakeSeed()
	for i := range ms.shard {
		ms.shard[i].m = make(map[Subscriber]*member)
	}
}

func (ms *members) index(s Subscriber) int {
	return int(maphash.Comparable(ms.seed, s) % shards)
}

// enter begins a call for s; leave ends it.
func (ms *members) enter(s Subscriber) *member {
	sh := &ms.shard[ms.index(s)]
	sh.mu.Lock()
	m := sh.m[s]
	if m == nil {
		m = &member{}
		sh.m[s] = m
	}
	m.waiting++
	sh.mu.Unlock()
	m.calls.Lock()
	return m
}

func (ms *members) leave(s Subscriber, m *member) {
	m.calls.Unlock()
	sh := &ms.shard[ms.index(s)]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	m.waiting--
	if m.waiting == 0 && m.sub == nil {
		delete(sh.m, s)
	}
}

// current is the subscription of s. The caller has entered.
func (ms *members) current(s Subscriber, m *member) *subscription {
	sh := &ms.shard[ms.index(s)]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return m.sub
}

// set replaces the subscription of s and returns the old one. The caller has entered.
func (ms *members) set(s Subscriber, m *member, sub *subscription) (old *subscription) {
	sh := &ms.shard[ms.index(s)]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	old, m.sub = m.sub, sub
	return old
}

// ended forgets a subscription that a delivery ended, unless its subscriber
// follows something else by now.
func (ms *members) ended(sub *subscription) {
	sh := &ms.shard[ms.index(sub.subscriber)]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	m := sh.m[sub.subscriber]
	if m == nil || m.sub != sub {
		return
	}
	m.sub = nil
	if m.waiting == 0 {
		delete(sh.m, sub.subscriber)
	}
}

func (ms *members) count() int {
	n := 0
	for i := range ms.shard {
		sh := &ms.shard[i]
		sh.mu.Lock()
		for _, m := range sh.m {
			if m.sub != nil {
				n++
			}
		}
		sh.mu.Unlock()
	}
	return n
}

func (ms *members) all() []Subscriber {
	var all []Subscriber
	for i := range ms.shard {
		sh := &ms.shard[i]
		sh.mu.Lock()
		for s := range sh.m {
			all = append(all, s)
		}
		sh.mu.Unlock()
	}
	return all
}
