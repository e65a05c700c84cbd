package transport

import (
	"context"
	"runtime"
	"testing"

	"github.com/muster-gg/muster/core/broadcast"
)

// watchedHub calls before for every Subscribe.
type watchedHub struct {
	Hub
	before func()
}

func (h watchedHub) Subscribe(ctx context.Context, t broadcast.Topic, s broadcast.Subscriber, since uint64) error {
	h.before()
	return h.Hub.Subscribe(ctx, t, s, since)
}

// TestWelcomeIsNotReadBeforeItHolds: who has read that he is back in his lobby
// hears all that is said there.
func TestWelcomeIsNotReadBeforeItHolds(t *testing.T) {
	n := start(t, nil)
	ann := n.player("ann")
	ann.create()
	written := n.sessions.Stats().Frames
	n.Server.hub = watchedHub{n.hub, func() {
		for range 10_000 { // whoever writes too early has the time to
			runtime.Gosched()
		}
		if now := n.sessions.Stats().Frames; now > written+1 { // the close frame of ann's first socket
			t.Errorf("%d frames were written before the socket follows its lobby", now-written)
		}
	}}
	fresh := n.dial("/_ws?token="+token("ann"), nil)
	fresh.expect("connected")
	ann.closed(4409)
}
