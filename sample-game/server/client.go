package main

import (
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// sendQueue is how many frames wait for a player: about two seconds of states.
	sendQueue = 64
	writeWait = 3 * time.Second
	pingEvery = 5 * time.Second
	silentFor = 15 * time.Second
	lastWait  = time.Second // for the player to close
	perSecond = 50.0        // frames that a player may send
	burst     = 100.0
)

// client is one socket. Its reader is the HTTP handler's goroutine, its writer one
// of its own; the match only puts frames into the queue.
type client struct {
	conn  *websocket.Conn
	queue chan []byte

	once  sync.Once
	quit  chan struct{}
	read  chan struct{} // closed when the reader is done
	last  []byte        // written before closing; set before quit is closed
	flush bool          // what is queued is written first

	ack int64 // the match's own
}

func newClient(conn *websocket.Conn) *client {
	return &client{conn: conn, queue: make(chan []byte, sendQueue), quit: make(chan struct{}), read: make(chan struct{})}
}

// send queues a frame. A player who does not read is dropped.
func (c *client) send(frame []byte) {
	select {
	case c.queue <- frame:
	default:
		c.close(encodeError(codeSlow, "Your connection is too slow"), false)
	}
}

// offer queues a frame if there is room to spare: an answer that a player may ask
// for as fast as he likes must not push the match's own out.
func (c *client) offer(frame []byte) {
	if len(c.queue) >= sendQueue/2 {
		return
	}
	select {
	case c.queue <- frame:
	default:
	}
}

// fail ends the socket with an error message.
func (c *client) fail(code, text string) { c.close(encodeError(code, text), true) }

// close ends the socket after last, which may be nil. Only the first call counts.
func (c *client) close(last []byte, flush bool) {
	c.once.Do(func() {
		c.last, c.flush = last, flush
		close(c.quit)
	})
}

// write is the writer. It returns when the socket is closed.
func (c *client) write() {
	defer c.conn.Close()
	pings := time.NewTicker(pingEvery)
	defer pings.Stop()
	for {
		var err error
		select {
		case <-c.quit:
			c.leave()
			return
		case frame := <-c.queue:
			err = c.put(frame)
		case <-pings.C:
			err = c.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeWait))
		}
		if err != nil {
			c.close(nil, false)
			return
		}
	}
}

func (c *client) put(frame []byte) error {
	if err := c.conn.SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
		return err
	}
	return c.conn.WriteMessage(websocket.TextMessage, frame)
}

// leave writes what is left and a close frame, in bounded time.
func (c *client) leave() {
	for c.flush && len(c.queue) > 0 {
		if c.put(<-c.queue) != nil {
			return
		}
	}
	if c.last != nil && c.put(c.last) != nil {
		return
	}
	end := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if c.conn.WriteControl(websocket.CloseMessage, end, time.Now().Add(writeWait)) != nil {
		return
	}
	// The reader goes on for a moment: closing with bytes unread would reset the
	// connection, and the player would not see the last message.
	patience := time.NewTimer(lastWait)
	defer patience.Stop()
	select {
	case <-c.read:
	case <-patience.C:
	}
}

// bucket bounds how often a player sends.
type bucket struct {
	left float64
	at   time.Time
}

func newBucket(now time.Time) *bucket { return &bucket{left: burst, at: now} }

func (b *bucket) take(now time.Time) bool {
	b.left = min(burst, b.left+now.Sub(b.at).Seconds()*perSecond)
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}
