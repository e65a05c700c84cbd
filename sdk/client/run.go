package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// maxFrame bounds one message of the server, in bytes.
const maxFrame = 4 << 20

// helloTimeout is how long the server may take to say `connected`.
const helloTimeout = 15 * time.Second

// dial opens a socket and reads its first message, `connected`.
func (c *Conn) dial(ctx context.Context) (*websocket.Conn, *incoming, error) {
	header := c.o.Header.Clone()
	if header == nil {
		header = make(http.Header)
	}
	header.Set("Authorization", "Bearer "+c.o.Token)
	address := "ws" + strings.TrimPrefix(base(c.o.URL, c.o.Game), "http") + "/_ws?v=" + strconv.Itoa(c.o.Level)
	ws, res, err := c.o.Dialer.DialContext(ctx, address, header)
	if err != nil {
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if errors.Is(err, websocket.ErrBadHandshake) {
			raw, _ := io.ReadAll(io.LimitReader(res.Body, 4096))
			return nil, nil, refusal(res, raw)
		}
		return nil, nil, err
	}
	ws.SetReadLimit(maxFrame)
	ws.SetReadDeadline(time.Now().Add(helloTimeout))
	stop := context.AfterFunc(ctx, func() { ws.NetConn().Close() })
	var refused *Error
	for {
		_, frame, err := ws.ReadMessage()
		if err != nil {
			stop()
			ws.Close()
			if ctx.Err() != nil {
				return nil, nil, ctx.Err()
			}
			loss := lossOf(err)
			if refused != nil { // the server's own words say more than the close code
				refused.CloseCode = loss.CloseCode
				loss = refused
			}
			return nil, nil, loss
		}
		m := new(incoming)
		if json.Unmarshal(frame, m) != nil {
			continue
		}
		switch m.Type {
		case "error":
			refused = m.error()
		case "connected":
			if !stop() {
				ws.Close()
				return nil, nil, ctx.Err()
			}
			ws.SetReadDeadline(time.Time{})
			return ws, m, nil
		}
	}
}

// begin makes an open socket the current one and tells of it.
func (c *Conn) begin(ws *websocket.Conn, hello *incoming) {
	hello.Lobby.complete()
	hello.MatchData.complete()
	c.update(func(s *State) {
		c.ws = ws
		*s = State{AccountID: hello.AccountID, Username: hello.Username, Connected: true, Lobby: hello.Lobby, Match: hello.MatchData}
	})
	c.emit(&Connected{AccountID: hello.AccountID, Username: hello.Username, Lobby: hello.Lobby, Match: hello.MatchData})
}

// run is the Conn's goroutine: it reads, and dials again.
func (c *Conn) run(ws *websocket.Conn) {
	defer close(c.done)
	if c.events != nil {
		defer close(c.events)
	}
	for ws != nil {
		loss := c.read(ws)
		ws.Close()
		again := c.o.Reconnect != nil && !loss.final()
		if c.ctx.Err() != nil {
			loss, again = &Error{Code: CodeClosed, Message: "Closed"}, false
		}
		c.lost(loss, !again)
		if !again {
			return
		}
		ws = c.redial()
	}
}

// redial tries until a socket is open. Nil: the Conn has ended.
func (c *Conn) redial() *websocket.Conn {
	for attempt := 0; ; attempt++ {
		timer := time.NewTimer(c.pause(attempt, rand.Float64()))
		select {
		case <-timer.C:
		case <-c.ctx.Done():
			timer.Stop()
		}
		ws, hello, err := c.dial(c.ctx)
		if c.ctx.Err() != nil {
			if ws != nil {
				ws.Close()
			}
			c.lost(&Error{Code: CodeClosed, Message: "Closed"}, true)
			return nil
		}
		if err == nil {
			c.begin(ws, hello)
			if c.ctx.Err() != nil {
				ws.Close() // Close may have come before it could see this socket
			}
			return ws
		}
		var refused *Error
		if errors.As(err, &refused) && (refused.final() || refused.Status == 401 || refused.Status == 403 || refused.Status == 404) {
			c.lost(refused, true)
			return nil
		}
		if refused != nil && refused.RetryAfter > 0 {
			c.mu.Lock()
			c.drain = refused.RetryAfter
			c.mu.Unlock()
		}
	}
}

// pause is the time before an attempt; part is a random number in [0, 1). What the
// server asked for is waited for once, and up to half as long again, so that its
// players do not come back in one moment.
func (c *Conn) pause(attempt int, part float64) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if asked := c.drain; asked > 0 {
		c.drain = 0
		return asked + time.Duration(part*float64(asked)/2)
	}
	return c.o.Reconnect.wait(attempt, part)
}

// lost fails the requests under way and tells of the loss.
func (c *Conn) lost(loss *Error, final bool) {
	c.update(func(s *State) {
		c.ws = nil
		s.Connected = false
		if final {
			c.err = loss
			s.Lobby, s.Match = nil, nil
		}
		for id, answer := range c.pending {
			delete(c.pending, id)
			answer <- reply{err: loss}
		}
	})
	c.emit(&Disconnected{Err: loss, Final: final})
}

// buffers are shared by all sockets of the process: a frame is gone when it has
// been handled.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// read handles messages until the socket ends.
func (c *Conn) read(ws *websocket.Conn) *Error {
	alive := newKeepAlive(ws, c.o.KeepAlive)
	defer alive.stop()
	for {
		kind, r, err := ws.NextReader()
		if err != nil {
			return lossOf(err)
		}
		alive.heard()
		if kind != websocket.TextMessage {
			continue
		}
		buf := buffers.Get().(*bytes.Buffer)
		buf.Reset()
		_, err = buf.ReadFrom(r)
		if err == nil {
			c.handle(buf.Bytes())
		}
		if buf.Cap() <= 64<<10 {
			buffers.Put(buf)
		}
		if err != nil {
			return lossOf(err)
		}
	}
}
