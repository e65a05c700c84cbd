package client

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// State is what a Conn knows. Lobby and Match are shared: do not change them.
type State struct {
	AccountID, Username string
	// Connected is false between a loss and the reconnect, and at the end.
	Connected bool
	// Lobby is the newest version of one's lobby; nil without one.
	Lobby *Lobby
	// Match is the match that one is in; nil without one.
	Match *MatchData
}

// Conn is one player's socket, over all its reconnects. Its methods may be called
// from any goroutine.
type Conn struct {
	o       Options
	events  chan Event
	dropped atomic.Uint64
	lastID  atomic.Uint64

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	done   chan struct{}

	writing sync.Mutex // one writer at a time, as the socket needs it

	mu      sync.Mutex
	ws      *websocket.Conn // nil while there is none
	state   State
	changed chan struct{}         // closed at the next change; nil while nobody waits
	pending map[string]chan reply // one for each request under way
	ended   string                // the match of which it was last told that it is over
	drain   time.Duration         // what the server asked for before the next attempt
	err     error                 // why it ended
}

// writeTimeout bounds one write; a server that does not take it in is as good as gone.
const writeTimeout = 10 * time.Second

// pool lends write buffers for the time of a write, so that idle sockets have none.
var pool sync.Pool

func newDialer() *websocket.Dialer {
	return &websocket.Dialer{
		Proxy: http.ProxyFromEnvironment, HandshakeTimeout: 15 * time.Second,
		ReadBufferSize: 1024, WriteBufferSize: 1024, WriteBufferPool: &pool,
	}
}

// Dial connects and returns when the server has said `connected`. ctx is for that
// only; Close ends the Conn. A refusal is an *Error (invalid_token, draining, …).
func Dial(ctx context.Context, o Options) (*Conn, error) {
	if o.Level == 0 {
		o.Level = 2
	}
	if o.KeepAlive == 0 {
		o.KeepAlive = 30 * time.Second
	}
	if o.Dialer == nil {
		o.Dialer = newDialer()
	}
	c := &Conn{o: o, done: make(chan struct{}), pending: make(map[string]chan reply)}
	if o.OnEvent == nil {
		if o.Buffer <= 0 {
			o.Buffer = 256
		}
		c.events = make(chan Event, o.Buffer)
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	ws, hello, err := c.dial(ctx)
	if err != nil {
		c.cancel()
		return nil, err
	}
	c.begin(ws, hello)
	go c.run(ws)
	return c, nil
}

// Events is where events wait when Options.OnEvent is nil; else it is nil. It is
// closed when the Conn has ended.
func (c *Conn) Events() <-chan Event { return c.events }

// Dropped counts the events that found no room in Events.
func (c *Conn) Dropped() uint64 { return c.dropped.Load() }

// State returns what is known now.
func (c *Conn) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Lobby is the newest version of one's lobby; nil without one.
func (c *Conn) Lobby() *Lobby { return c.State().Lobby }

// Match is the match that one is in; nil without one.
func (c *Conn) Match() *MatchData { return c.State().Match }

// Wait returns the first state, beginning with the present one, for which ok is
// true. ok may see a state twice and may skip some; it must not call the Conn.
func (c *Conn) Wait(ctx context.Context, ok func(State) bool) (State, error) {
	for {
		c.mu.Lock()
		state := c.state
		if c.changed == nil {
			c.changed = make(chan struct{})
		}
		changed := c.changed
		c.mu.Unlock()
		if ok(state) {
			return state, nil
		}
		select {
		case <-changed:
		case <-c.done:
			if state = c.State(); ok(state) {
				return state, nil
			}
			return state, c.Err()
		case <-ctx.Done():
			return state, ctx.Err()
		}
	}
}

// Done is closed when the Conn has ended: closed, or lost for good.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err says why the Conn has ended; nil while it has not.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the Conn, fails what still waits for a reply, and returns when its
// goroutine is gone. It may be called again.
func (c *Conn) Close() {
	c.cancel()
	c.mu.Lock()
	ws := c.ws
	c.mu.Unlock()
	if ws != nil {
		deadline := time.Now().Add(time.Second)
		ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), deadline)
		ws.Close()
	}
	<-c.done
}

// update changes the state under the lock and wakes who waits for changes.
func (c *Conn) update(change func(*State)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.state)
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// Drop cuts the socket without a word, as a network that fails does. A Conn that
// reconnects comes back. For tests.
func (c *Conn) Drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ws != nil {
		c.ws.NetConn().Close()
	}
}

// lossOf describes why reading ended.
func lossOf(err error) *Error {
	e := &Error{Code: CodeConnectionLost, Message: "Connection lost", Cause: err}
	var closed *websocket.CloseError
	if errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure {
		e.CloseCode = closed.Code
		switch closed.Code {
		case closeToken:
			e.Code, e.Message = "invalid_token", "Invalid token"
		case closeBanned:
			e.Code, e.Message = "banned", "This account may not connect"
		case closeReplaced:
			e.Code, e.Message = "replaced", "Connected from elsewhere"
		}
	}
	return e
}

// Close codes after which another try would end the same way.
const (
	closeToken    = 4401
	closeBanned   = 4403
	closeReplaced = 4409
)

func (e *Error) final() bool {
	return e.CloseCode == closeToken || e.CloseCode == closeBanned || e.CloseCode == closeReplaced
}
