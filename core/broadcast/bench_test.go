package broadcast_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/muster-gg/muster/core/broadcast"
	"github.com/muster-gg/muster/core/broadcast/memory"
)

type deaf struct{ account string }

func (d *deaf) Account() string       { return d.account }
func (*deaf) Level() int              { return 1 }
func (*deaf) Send(f *broadcast.Frame) {}

// ready is an encoder that has everything ready: what remains is the hub's cost.
type ready []*broadcast.Frame

func (r ready) Encode(broadcast.Message, int) (broadcast.Audience, error) { return r, nil }
func (r ready) For(string, bool) ([]*broadcast.Frame, bool)               { return r, false }

func newBenchHub(b *testing.B) *broadcast.Hub {
	hub, err := broadcast.NewHub(broadcast.Options{Encoder: ready{broadcast.NewFrame(make([]byte, 600))}, Connect: memory.New})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { hub.Close() })
	return hub
}

// BenchmarkFanOut tells one message to all followers of a topic.
func BenchmarkFanOut(b *testing.B) {
	for _, followers := range []int{4, 100} {
		b.Run(fmt.Sprintf("followers=%d", followers), func(b *testing.B) {
			hub := newBenchHub(b)
			for i := range followers {
				if err := hub.Subscribe(context.Background(), topic("x"), &deaf{fmt.Sprint(i)}, 0); err != nil {
					b.Fatal(err)
				}
			}
			m := broadcast.Message{Topic: topic("x"), Payload: broadcast.Bytes("x")}
			b.ReportAllocs()
			for b.Loop() {
				m.Version++
				if err := hub.Publish(context.Background(), m); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*followers), "ns/delivery")
		})
	}
}

// BenchmarkTopics tells to 4 followers of one of many topics, side by side.
func BenchmarkTopics(b *testing.B) {
	for _, topics := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("topics=%d", topics), func(b *testing.B) {
			hub := newBenchHub(b)
			names := make([]broadcast.Topic, topics)
			for i := range names {
				names[i] = topic(fmt.Sprint(i))
				for j := range 4 {
					if err := hub.Subscribe(context.Background(), names[i], &deaf{fmt.Sprint(j)}, 0); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					if err := hub.Publish(context.Background(), broadcast.Message{Topic: names[i*7919%topics], Payload: broadcast.Bytes("x")}); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// BenchmarkMove is a subscriber that changes its topic.
func BenchmarkMove(b *testing.B) {
	hub := newBenchHub(b)
	s := &deaf{"a"}
	topics := [2]broadcast.Topic{topic("x"), topic("y")}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := hub.Subscribe(context.Background(), topics[i%2], s, 0); err != nil {
			b.Fatal(err)
		}
	}
}
