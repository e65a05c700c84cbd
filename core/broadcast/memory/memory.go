// Package memory is the broker for one node: what is published is delivered at once.
package memory

import (
	"context"

	"github.com/muster-gg/muster/core/broadcast"
)

// Broker hands every message to the hub of this process. It holds nothing: the
// hub itself ignores topics that nobody follows.
type Broker struct{ deliver func(broadcast.Message) }

var (
	_ broadcast.Broker  = (*Broker)(nil)
	_ broadcast.Connect = New
)

// New is a broadcast.Connect; its error is always nil.
func New(deliver func(broadcast.Message)) (broadcast.Broker, error) {
	return &Broker{deliver: deliver}, nil
}

// Publish delivers m on the caller's goroutine and has done so when it returns.
// It does so whatever ctx says: what was saved must be told.
func (b *Broker) Publish(_ context.Context, m broadcast.Message) error {
	b.deliver(m)
	return nil
}

// Subscribe has nothing to do.
func (b *Broker) Subscribe(context.Context, broadcast.Topic) error { return nil }

// Unsubscribe has nothing to do.
func (b *Broker) Unsubscribe(context.Context, broadcast.Topic) error { return nil }
