package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/gorilla/websocket"
)

// Message is a message to the server. Fields is a struct or a map that encodes as
// a JSON object, or nil.
type Message struct {
	Type   string
	Fields any
}

// Reply is the server's reply to one request.
type Reply struct {
	// Type is `ack` for whatever has no reply of its own.
	Type string
	// Version of the lobby in an ack, 0 when it has none.
	Version uint64
	// Lobby of a `lobby:created`.
	Lobby *Lobby
	// Raw is the whole message.
	Raw json.RawMessage
}

type reply struct {
	Reply
	err error
}

// Do sends a request and waits for its reply, while other goroutines may do the
// same. An `error` is returned as *Error. When ctx ends first, the request may still
// be carried out.
func (c *Conn) Do(ctx context.Context, m Message) (Reply, error) {
	id := strconv.FormatUint(c.lastID.Add(1), 10)
	frame, err := encode(m, id)
	if err != nil {
		return Reply{}, err
	}
	answer := make(chan reply, 1)
	c.mu.Lock()
	if c.ws == nil {
		c.mu.Unlock()
		return Reply{}, c.away()
	}
	c.pending[id] = answer
	c.mu.Unlock()
	if err := c.write(frame); err != nil {
		c.forget(id)
		return Reply{}, err
	}
	select {
	case r := <-answer:
		return r.Reply, r.err
	case <-ctx.Done():
		c.forget(id)
		return Reply{}, ctx.Err()
	}
}

// Send sends a message without an id: no reply comes but for errors (ServerError).
func (c *Conn) Send(m Message) error {
	frame, err := encode(m, "")
	if err != nil {
		return err
	}
	return c.write(frame)
}

// encode puts type and id before the fields.
func encode(m Message, id string) ([]byte, error) {
	head := struct {
		Type string `json:"type"`
		ID   string `json:"id,omitempty"`
	}{m.Type, id}
	frame, err := json.Marshal(head)
	if err != nil || m.Fields == nil {
		return frame, err
	}
	fields, err := json.Marshal(m.Fields)
	switch {
	case err != nil:
		return nil, err
	case len(fields) < 2 || fields[0] != '{':
		return nil, errors.New("client: the fields of a message must encode as an object")
	case len(fields) == 2:
		return frame, nil
	}
	frame[len(frame)-1] = ','
	return append(frame, fields[1:]...), nil
}

func (c *Conn) write(frame []byte) error {
	c.mu.Lock()
	ws := c.ws
	c.mu.Unlock()
	if ws == nil {
		return c.away()
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	ws.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err := ws.WriteMessage(websocket.TextMessage, frame); err != nil {
		ws.NetConn().Close() // a half-written frame cannot be mended: the reader ends
		return lossOf(err)
	}
	return nil
}

// away says why nothing can be sent now.
func (c *Conn) away() error {
	if err := c.Err(); err != nil {
		return err
	}
	return &Error{Code: CodeNotConnected, Message: "Not connected"}
}

func (c *Conn) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pending, id)
}

// answer hands a reply to the caller who waits for it, if he still does.
func (c *Conn) answer(m *incoming, frame []byte) {
	c.mu.Lock()
	answer, ok := c.pending[*m.ReplyTo]
	delete(c.pending, *m.ReplyTo)
	c.mu.Unlock()
	if !ok {
		return
	}
	if m.Type == "error" || m.Type == "matchmaking:error" {
		answer <- reply{err: m.error()}
		return
	}
	answer <- reply{Reply: Reply{Type: m.Type, Version: m.Version, Lobby: m.Lobby, Raw: bytes.Clone(frame)}}
}
