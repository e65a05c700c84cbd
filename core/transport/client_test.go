package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func splitN(s, sep string, n int) []string { return strings.SplitN(s, sep, n) }

// client is a player's socket.
type client struct {
	t  testing.TB
	ws *websocket.Conn
}

type msg map[string]any

// at walks into a message: at("lobby", "teamA", 0, "ready").
func (m msg) at(path ...any) any {
	var v any = map[string]any(m)
	for _, p := range path {
		switch p := p.(type) {
		case string:
			o, _ := v.(map[string]any)
			v = o[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func (m msg) str(path ...any) string {
	s, _ := m.at(path...).(string)
	return s
}

func (n *node) url(path string) string { return "ws" + strings.TrimPrefix(n.http.URL, "http") + path }

// dial opens a socket without looking at what comes.
func (n *node) dial(path string, header http.Header) *client {
	n.t.Helper()
	ws, resp, err := websocket.DefaultDialer.Dial(n.url(path), header)
	if err != nil {
		status := 0
		if resp != nil {
			status = resp.StatusCode
		}
		n.t.Fatalf("dial %s: %v (status %d)", path, err, status)
	}
	c := &client{n.t, ws}
	n.t.Cleanup(func() { _ = ws.Close() })
	return c
}

// player opens a socket of the default game and reads its welcome.
func (n *node) player(account string) *client {
	n.t.Helper()
	c := n.dial("/_ws?token="+token(account), nil)
	c.expect("connected")
	return c
}

func (c *client) send(text string) {
	c.t.Helper()
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// raw returns the next message; the deadline only ends a test that has failed.
func (c *client) raw() (string, error) {
	_ = c.ws.SetReadDeadline(time.Now().Add(20 * time.Second))
	_, text, err := c.ws.ReadMessage()
	return string(text), err
}

func (c *client) next() msg {
	c.t.Helper()
	text, err := c.raw()
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	var m msg
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		c.t.Fatalf("%s: %v", text, err)
	}
	return m
}

func (c *client) expect(kind string) msg {
	c.t.Helper()
	m := c.next()
	if m["type"] != kind {
		c.t.Fatalf("want %s, got %v", kind, m)
	}
	return m
}

// refused expects an error with a code and, unless empty, a text.
func (c *client) refused(code, text string) msg {
	c.t.Helper()
	m := c.expect("error")
	if m["code"] != code || text != "" && m["message"] != text {
		c.t.Fatalf("want error %s %q, got %v", code, text, m)
	}
	return m
}

// silent makes sure that nothing but the answer to a ping comes.
func (c *client) silent() {
	c.t.Helper()
	c.send(`{"type":"ping","id":"silent"}`)
	if m := c.expect("pong"); m["replyTo"] != "silent" {
		c.t.Fatalf("got %v", m)
	}
}

// closed expects the end with a close code, reading over messages.
func (c *client) closed(code int) {
	c.t.Helper()
	for {
		text, err := c.raw()
		if err == nil {
			continue
		}
		var ce *websocket.CloseError
		if !errors.As(err, &ce) || ce.Code != code {
			c.t.Fatalf("want close %d, got %v (last %q)", code, err, text)
		}
		return
	}
}

// create makes a lobby and returns its id and code.
func (c *client) create() (id, code string) {
	c.t.Helper()
	c.send(`{"type":"lobby:create"}`)
	m := c.expect("lobby:created")
	return m.str("lobby", "id"), m.str("lobby", "code")
}

// join joins by code and reads the update.
func (c *client) join(code string) msg {
	c.t.Helper()
	c.send(fmt.Sprintf(`{"type":"lobby:join","code":%q}`, code))
	return c.expect("lobby:updated")
}
