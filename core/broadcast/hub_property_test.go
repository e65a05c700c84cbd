package broadcast_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-gg/muster/core/broadcast"
	"github.com/muster-gg/muster/core/broadcast/broadcasttest"
	"github.com/muster-gg/muster/core/broadcast/memory"
)

// follower is what a subscriber should have seen, as simply as it can be said.
type follower struct {
	*broadcasttest.Recorder
	topic string // "": none
	last  uint64
	want  []string
}

func (f *follower) told(id string, version uint64, text string) {
	if f.topic != id {
		return
	}
	a := audience{text, version, f.Level()}
	frames, last := a.For(f.Account(), version != 0 && version <= f.last)
	for _, frame := range frames {
		f.want = append(f.want, string(frame.Text()))
	}
	f.last = max(f.last, version)
	if last {
		f.topic, f.last = "", 0
	}
}

func TestAgainstModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		hub, err := broadcast.NewHub(broadcast.Options{Encoder: &encoder{}, Connect: memory.New})
		if err != nil {
			rt.Fatal(err)
		}
		defer hub.Close()
		followers := make([]*follower, 4)
		for i := range followers {
			followers[i] = &follower{Recorder: broadcasttest.NewRecorderAt(fmt.Sprint(i), 1+i%2)}
		}
		topics := []string{"x", "y", "z"}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			f := rapid.SampledFrom(followers).Draw(rt, "follower")
			id := rapid.SampledFrom(topics).Draw(rt, "topic")
			version := rapid.Uint64Range(0, 9).Draw(rt, "version")
			switch rapid.IntRange(0, 5).Draw(rt, "action") {
			case 0, 1:
				if err := hub.Subscribe(context.Background(), topic(id), f, version); err != nil {
					rt.Fatal(err)
				}
				if f.topic != id {
					f.topic, f.last = id, 0
				}
				f.last = max(f.last, version)
			case 2:
				hub.Unsubscribe(context.Background(), f)
				f.topic, f.last = "", 0
			default:
				text := rapid.SampledFrom([]string{"snap", "snap", "event", "two", "end", "end:1", "end:2"}).Draw(rt, "text")
				if err := hub.Publish(context.Background(), broadcast.Message{Topic: topic(id), Version: version, Payload: broadcast.Bytes(text)}); err != nil {
					rt.Fatal(err)
				}
				for _, f := range followers {
					f.told(id, version, text)
				}
			}
			subscribers := 0
			for _, f := range followers {
				if f.topic != "" {
					subscribers++
				}
				if got := f.Texts(); !slices.Equal(got, f.want) {
					rt.Fatalf("follower %s has %q, want %q", f.Account(), got, f.want)
				}
			}
			if _, got := hub.Stats(); got != subscribers {
				rt.Fatalf("%d subscribers, want %d", got, subscribers)
			}
		}
	})
}

// TestStress moves subscribers about while messages come: what follows to the end
// misses nothing, and nothing is left behind.
func TestStress(t *testing.T) {
	f := newFixture(t)
	const topics, messages = 4, 400
	var wg sync.WaitGroup
	steady := make([]*broadcasttest.Recorder, topics)
	for i := range topics {
		steady[i] = broadcasttest.NewRecorder("steady")
		f.subscribe(fmt.Sprint(i), steady[i], 0)
		wg.Go(func() {
			for n := range messages {
				text := fmt.Sprint("n", n)
				if n%7 == 0 {
					text = "end:restless"
				}
				f.publish(fmt.Sprint(i), 0, text)
			}
		})
	}
	for w := range 8 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 1))
			restless := []*broadcasttest.Recorder{broadcasttest.NewRecorder("restless"), broadcasttest.NewRecorder("other")}
			for range 300 {
				r := restless[random.IntN(2)]
				if random.IntN(3) == 0 {
					f.hub.Unsubscribe(context.Background(), r)
				} else {
					f.subscribe(fmt.Sprint(random.IntN(topics*2)), r, 0)
				}
			}
			for _, r := range restless {
				f.hub.Unsubscribe(context.Background(), r)
			}
		})
	}
	// One subscriber, two goroutines: it is never in two topics.
	shared := broadcasttest.NewRecorder("shared")
	for range 2 {
		wg.Go(func() {
			for n := range 200 {
				f.subscribe(fmt.Sprint("shared", n%3), shared, 0)
				f.hub.Unsubscribe(context.Background(), shared)
			}
		})
	}
	wg.Wait()
	for i, r := range steady {
		got := r.Texts()
		if len(got) != messages {
			t.Errorf("topic %d: %d messages, want %d", i, len(got), messages)
		}
		for n, text := range got {
			if want := fmt.Sprintf("n%d v", n); n%7 != 0 && !strings.HasPrefix(text, want) {
				t.Fatalf("topic %d: message %d is %q", i, n, text)
			}
		}
	}
	if _, subscribers := f.hub.Stats(); subscribers != topics {
		t.Errorf("%d subscribers are left, want %d", subscribers, topics)
	}
	for _, r := range steady {
		f.hub.Unsubscribe(context.Background(), r)
	}
}
