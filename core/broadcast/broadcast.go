// Package broadcast brings what happened in a lobby to every socket that follows
// it, on this node and on others. What is told is encoded once for each message
// and protocol level, whatever the number of sockets.
package broadcast

import "context"

// Topic is what sockets follow: one lobby of one game.
type Topic struct{ Game, ID string }

// Payload is what is told, immutable. On the node where it was published the
// encoder sees the value itself; AppendPayload is called only by a broker that
// takes it to other processes, where the encoder sees Bytes.
type Payload interface {
	AppendPayload(dst []byte) ([]byte, error)
}

// Bytes is a payload that came from another node, not decoded yet.
type Bytes []byte

// AppendPayload appends the bytes as they are.
func (b Bytes) AppendPayload(dst []byte) ([]byte, error) { return append(dst, b...), nil }

// Message is one thing to tell.
type Message struct {
	Topic Topic
	// Version is the version of the topic's document that the message shows; 0
	// for a message that shows none (chat).
	Version uint64
	Payload Payload
}

// Encoder turns messages into frames. Transport owns the only implementation.
// Encode is called once for each message and for each level that a subscriber on
// this node speaks, on the goroutine that delivers; it must not block.
type Encoder interface {
	Encode(m Message, level int) (Audience, error)
}

// Audience answers what each account gets of one encoded message.
type Audience interface {
	// For returns the frames for an account, in order, nil for none. stale says
	// that this subscriber has already seen the message's version or a newer one:
	// snapshots must be left out, events must not. last ends the subscription
	// after these frames. Frames are shared: nobody changes them.
	For(account string, stale bool) (frames []*Frame, last bool)
}

// Subscriber is one socket's end. Send queues a frame and never blocks; it is
// called by one goroutine at a time for each topic, and may be called after
// Unsubscribe has returned only if Send itself copes with a closed socket.
type Subscriber interface {
	Account() string
	Level() int
	Send(f *Frame)
}

// Broker carries messages to the hubs of all nodes, this one included. Messages
// of one topic published by one node arrive in the order in which they were published.
type Broker interface {
	// Publish hands m to every node that subscribed to its topic. The memory
	// broker has delivered to this node's hub when it returns.
	Publish(ctx context.Context, m Message) error
	// Subscribe and Unsubscribe tell that this node wants a topic. The hub calls
	// them for the first and after the last local subscriber.
	Subscribe(ctx context.Context, t Topic) error
	Unsubscribe(ctx context.Context, t Topic) error
}
