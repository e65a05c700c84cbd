// Package broadcasttest holds the cases that every broadcast.Broker must pass, and
// the simple encoder and subscriber that they use.
package broadcasttest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/broadcast"
)

// patience bounds waits for another node. Only a failing test waits so long.
const patience = 10 * time.Second

// Exercise runs all cases. open returns connections of up to want nodes to one
// and the same broker; a backend for one node returns one.
func Exercise(t *testing.T, open func(t *testing.T, want int) []broadcast.Connect) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, hubs []*broadcast.Hub)
	}{
		{"order within a topic", order},
		{"only followed topics", onlyFollowed},
		{"follow, leave, follow again", again},
		{"payloads", payloads},
		{"many topics at once", manyTopics},
	} {
		t.Run(c.name, func(t *testing.T) {
			connections := open(t, 2)
			if len(connections) == 0 {
				t.Fatal("no connection")
			}
			var hubs []*broadcast.Hub
			for _, connect := range connections {
				h, err := broadcast.NewHub(broadcast.Options{Encoder: Encoder{}, Connect: connect})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := h.Close(); err != nil {
						t.Errorf("Close: %v", err)
					}
				})
				hubs = append(hubs, h)
			}
			c.run(t, hubs)
		})
	}
}

func topic(id string) broadcast.Topic { return broadcast.Topic{Game: "arena", ID: id} }

func subscribe(t *testing.T, h *broadcast.Hub, tp broadcast.Topic) *Recorder {
	t.Helper()
	r := NewRecorder("account")
	if err := h.Subscribe(context.Background(), tp, r, 0); err != nil {
		t.Fatal(err)
	}
	return r
}

func publish(t *testing.T, h *broadcast.Hub, tp broadcast.Topic, version uint64, body string) {
	t.Helper()
	if err := h.Publish(context.Background(), broadcast.Message{Topic: tp, Version: version, Payload: broadcast.Bytes(body)}); err != nil {
		t.Fatal(err)
	}
}

// order: each node's messages arrive everywhere in the order in which it published them.
func order(t *testing.T, hubs []*broadcast.Hub) {
	const each = 200
	var receivers []*Recorder
	for _, h := range hubs {
		receivers = append(receivers, subscribe(t, h, topic("a")), subscribe(t, h, topic("a")))
	}
	var wg sync.WaitGroup
	for i, h := range hubs {
		wg.Go(func() {
			for n := range each {
				publish(t, h, topic("a"), 0, fmt.Sprintf("%d %d", i, n))
			}
		})
	}
	wg.Wait()
	for _, r := range receivers {
		next := make([]int, len(hubs))
		for _, text := range r.Wait(t, each*len(hubs)) {
			var from, n int
			if _, err := fmt.Sscan(text, &from, &n); err != nil || n != next[from] {
				t.Fatalf("%q when number %v were next: %v", text, next, err)
			}
			next[from]++
		}
	}
}

// onlyFollowed: topics are told apart by game and id, whatever characters they hold.
func onlyFollowed(t *testing.T, hubs []*broadcast.Hub) {
	topics := []broadcast.Topic{
		{Game: "a", ID: "b:c"}, {Game: "a:b", ID: "c"}, {Game: "a", ID: "*"}, {Game: "*", ID: "b"},
		{Game: "a", ID: ""}, {Game: "", ID: "a"}, {Game: "a", ID: "\x00"}, {Game: "a", ID: "ü {x}\n"},
	}
	receivers := make([][]*Recorder, len(topics))
	for i, tp := range topics {
		for _, h := range hubs {
			receivers[i] = append(receivers[i], subscribe(t, h, tp))
		}
	}
	for i, tp := range topics {
		publish(t, hubs[0], broadcast.Topic{Game: tp.Game, ID: tp.ID + "?"}, 1, "nobody follows")
		publish(t, hubs[0], tp, 1, fmt.Sprint(i))
	}
	for i := range topics {
		for node, r := range receivers[i] {
			if got := r.Wait(t, 1); got[0] != fmt.Sprint(i) {
				t.Errorf("node %d, topic %q: %q", node, topics[i], got)
			}
		}
	}
	for i := range topics { // and nothing but that
		publish(t, hubs[0], topics[i], 2, "end")
		for node, r := range receivers[i] {
			if got := r.Wait(t, 2); len(got) != 2 || got[1] != "end" {
				t.Errorf("node %d, topic %q: %q", node, topics[i], got)
			}
		}
	}
}

func again(t *testing.T, hubs []*broadcast.Hub) {
	last := hubs[len(hubs)-1]
	for round := range 10 {
		r := subscribe(t, last, topic("a"))
		publish(t, hubs[0], topic("a"), 0, fmt.Sprint(round))
		if got := r.Wait(t, 1); got[0] != fmt.Sprint(round) {
			t.Fatalf("round %d: %q", round, got)
		}
		last.Unsubscribe(context.Background(), r)
		publish(t, hubs[0], topic("a"), 0, "nobody follows")
		if got := r.Texts(); len(got) != 1 {
			t.Fatalf("after Unsubscribe: %q", got)
		}
	}
}

// payloads arrive byte by byte, with their version.
func payloads(t *testing.T, hubs []*broadcast.Hub) {
	large := make([]byte, 300_000)
	for i := range large {
		large[i] = byte(i * 7)
	}
	bodies := []string{"", "x", "\x00\xff\n", string(large)}
	var receivers []*Recorder
	for _, h := range hubs {
		receivers = append(receivers, subscribe(t, h, topic("a")))
	}
	for _, body := range bodies {
		publish(t, hubs[0], topic("a"), 0, body)
	}
	publish(t, hubs[0], topic("a"), 1<<53, "new")
	publish(t, hubs[0], topic("a"), 1<<53, "stale")
	publish(t, hubs[0], topic("a"), 1<<53+1, "newer")
	for node, r := range receivers {
		got := r.Wait(t, len(bodies)+2)
		for i, want := range append(bodies, "new", "newer") {
			if got[i] != want {
				t.Errorf("node %d, message %d: %d bytes %.20q, want %d bytes %.20q", node, i, len(got[i]), got[i], len(want), want)
			}
		}
	}
}

func manyTopics(t *testing.T, hubs []*broadcast.Hub) {
	const topics, each = 30, 20
	var wg sync.WaitGroup
	for i := range topics {
		tp := topic(fmt.Sprint(i))
		wg.Go(func() {
			r := NewRecorder("account")
			if err := hubs[i%len(hubs)].Subscribe(context.Background(), tp, r, 0); err != nil {
				t.Errorf("Subscribe: %v", err)
				return
			}
			for n := range each {
				m := broadcast.Message{Topic: tp, Payload: broadcast.Bytes(fmt.Sprint(i, n))}
				if err := hubs[n%len(hubs)].Publish(context.Background(), m); err != nil {
					t.Errorf("Publish: %v", err)
				}
			}
			seen := make(map[string]bool)
			for _, text := range r.Wait(t, each) {
				seen[text] = true
			}
			for n := range each {
				if !seen[fmt.Sprint(i, n)] {
					t.Errorf("topic %d misses message %d", i, n)
				}
			}
		})
	}
	wg.Wait()
}
