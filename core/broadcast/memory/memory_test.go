package memory_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/muster-gg/muster/core/broadcast"
	"github.com/muster-gg/muster/core/broadcast/broadcasttest"
	"github.com/muster-gg/muster/core/broadcast/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBroker(t *testing.T) {
	broadcasttest.Exercise(t, func(*testing.T, int) []broadcast.Connect {
		return []broadcast.Connect{memory.New}
	})
}

// What was published is in every queue when Publish returns.
func TestPublishHasDelivered(t *testing.T) {
	h, err := broadcast.NewHub(broadcast.Options{Encoder: broadcasttest.Encoder{}, Connect: memory.New})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	r := broadcasttest.NewRecorder("a")
	topic := broadcast.Topic{Game: "arena", ID: "l"}
	if err := h.Subscribe(t.Context(), topic, r, 0); err != nil {
		t.Fatal(err)
	}
	for n := range 10 {
		if err := h.Publish(t.Context(), broadcast.Message{Topic: topic, Payload: broadcast.Bytes("x")}); err != nil {
			t.Fatal(err)
		}
		if got := len(r.Texts()); got != n+1 {
			t.Fatalf("%d frames after %d messages", got, n+1)
		}
	}
}
