package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

// The files protocol_*_test.go hold a running node against the sentences of the
// protocol, with raw requests and raw sockets: no SDK of ours stands between.

// message is a JSON object as it came.
type message map[string]any

func (m message) kind() string { s, _ := m["type"].(string); return s }

// at walks into nested objects and arrays.
func (m message) at(path ...any) any {
	var v any = map[string]any(m)
	for _, step := range path {
		switch s := step.(type) {
		case string:
			o, _ := v.(map[string]any)
			v = o[s]
		case int:
			a, _ := v.([]any)
			if s >= len(a) {
				return nil
			}
			v = a[s]
		}
	}
	return v
}

// peer is one raw socket and whose it is.
type peer struct {
	t    testing.TB
	w    *world
	name string
	ws   *websocket.Conn
	// seen are messages that came while something else was awaited.
	seen []message
	asks int

	id, token, refresh string
}

// call is one REST request; body is sent as it is.
func (w *world) call(method, path, token, body string) (*http.Response, message) {
	w.t.Helper()
	res, raw := w.callRaw(method, path, token, body)
	var m message
	if len(raw) > 0 && raw[0] == '{' {
		must(w.t, json.Unmarshal(raw, &m))
	}
	return res, m
}

func (w *world) callRaw(method, path, token, body string) (*http.Response, []byte) {
	w.t.Helper()
	url := path
	if strings.HasPrefix(path, "/") {
		url = w.url + path
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, url, strings.NewReader(body))
	must(w.t, err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := reporter.Do(req)
	must(w.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(w.t, err)
	return res, raw
}

// signs signs somebody in without a socket.
func (w *world) signs(name string) *peer {
	w.t.Helper()
	res, m := w.call("POST", "/auth/anonymous", "", `{"username":"`+name+`"}`)
	if res.StatusCode != http.StatusOK {
		w.t.Fatalf("sign-in: %s %v", res.Status, m)
	}
	return &peer{
		t: w.t, w: w, name: name, id: m.at("account", "id").(string), token: m["accessToken"].(string), refresh: m["refreshToken"].(string),
	}
}

// peer signs somebody in and connects at level 1; the welcome has been read.
func (w *world) peer(name string) *peer {
	w.t.Helper()
	p := w.signs(name)
	p.connect("")
	p.hear("connected")
	return p
}

// dial opens a socket; query is appended to the token's.
func (p *peer) dial(query string) (*websocket.Conn, error) {
	ws, res, err := websocket.DefaultDialer.DialContext(p.t.Context(), "ws"+strings.TrimPrefix(p.w.url, "http")+"/_ws?token="+p.token+query, nil)
	if err == nil {
		_ = res.Body.Close()
		p.t.Cleanup(func() { _ = ws.Close() })
	}
	return ws, err
}

// connect gives the peer a new socket.
func (p *peer) connect(query string) {
	p.t.Helper()
	ws, err := p.dial(query)
	must(p.t, err)
	p.ws, p.seen = ws, nil
}

// drop ends the connection without a word.
func (p *peer) drop() { _ = p.ws.NetConn().Close() }

// say sends a frame.
func (p *peer) say(format string, args ...any) {
	p.t.Helper()
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	must(p.t, p.ws.WriteMessage(websocket.TextMessage, []byte(format)))
}

// read takes the next frame off the socket.
func (p *peer) read() message {
	p.t.Helper()
	must(p.t, p.ws.SetReadDeadline(time.Now().Add(time.Minute))) // a test that hangs says where
	_, raw, err := p.ws.ReadMessage()
	if err != nil {
		p.t.Fatalf("%s: %v; before that %v", p.name, err, kinds(p.seen))
	}
	m := message{}
	must(p.t, json.Unmarshal(raw, &m))
	return m
}

// hear takes the next message, which must be of a kind.
func (p *peer) hear(kind string) message {
	p.t.Helper()
	m := p.next()
	if m.kind() != kind {
		p.t.Fatalf("%s hears %v, want %s", p.name, m, kind)
	}
	return m
}

// next is the next message in the order in which they came, but for replies.
func (p *peer) next() (m message) {
	p.t.Helper()
	if len(p.seen) > 0 {
		m, p.seen = p.seen[0], p.seen[1:]
		return m
	}
	return p.read()
}

// until reads until a message satisfies, and keeps what came before it in seen.
func (p *peer) until(what string, ok func(m message) bool) message {
	p.t.Helper()
	for i, m := range p.seen {
		if ok(m) {
			p.seen = append(p.seen[:i:i], p.seen[i+1:]...)
			return m
		}
	}
	for range 10_000 {
		m := p.read()
		if ok(m) {
			return m
		}
		p.seen = append(p.seen, m)
	}
	p.t.Fatalf("%s never heard %s", p.name, what)
	return nil
}

// untilKind is until by the message's type alone.
func (p *peer) untilKind(kind string) message {
	p.t.Helper()
	return p.until(kind, func(m message) bool { return m.kind() == kind })
}

// ask sends a request with an id and returns its one reply.
func (p *peer) ask(format string, args ...any) message {
	p.t.Helper()
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	p.asks++
	id := fmt.Sprint("ask-", p.asks)
	p.say("%s", `{"id":"`+id+`",`+strings.TrimPrefix(format, "{"))
	return p.until("a reply to "+format, func(m message) bool { return m["replyTo"] == id })
}

// does is ask for a request that must be accepted.
func (p *peer) does(format string, args ...any) message {
	p.t.Helper()
	m := p.ask(format, args...)
	if m.kind() == "error" {
		p.t.Fatalf("%s: %s was answered %v", p.name, fmt.Sprintf(format, args...), m)
	}
	if kind := m.kind(); kind == "lobby:left" || kind == "lobby:created" {
		// These come once it is saved; what is taken up next, once the others are told.
		p.ask(`{"type":"ping"}`)
	}
	return m
}

// hears returns all that was queued for the peer up to now. What another one's
// acknowledged request has caused is among it.
func (p *peer) hears() []message {
	p.t.Helper()
	if m := p.ask(`{"type":"ping"}`); m.kind() != "pong" {
		p.t.Fatalf("ping was answered %v", m)
	}
	all := p.seen
	p.seen = nil
	return all
}

// silent holds that nothing was queued for the peer.
func (p *peer) silent(after string) {
	p.t.Helper()
	if all := p.hears(); len(all) > 0 {
		p.t.Errorf("%s: %s hears %v", after, p.name, all)
	}
}

// closed reads until the socket ends, and returns how.
func (p *peer) closed() (last message, code int) {
	p.t.Helper()
	must(p.t, p.ws.SetReadDeadline(time.Now().Add(time.Minute)))
	for {
		_, raw, err := p.ws.ReadMessage()
		if err != nil {
			if c, ok := err.(*websocket.CloseError); ok {
				return last, c.Code
			}
			p.t.Fatalf("%s: %v", p.name, err)
		}
		last = message{}
		must(p.t, json.Unmarshal(raw, &last))
	}
}

func kinds(all []message) string {
	var out []string
	for _, m := range all {
		out = append(out, m.kind())
	}
	return strings.Join(out, " ")
}

// hearsKinds holds what was queued up to now against a list of types.
func (p *peer) hearsKinds(after, want string) []message {
	p.t.Helper()
	all := p.hears()
	if got := kinds(all); got != want {
		p.t.Errorf("%s: %s hears %q, want %q: %v", after, p.name, got, want, all)
	}
	return all
}

// gathered are peers in one lobby of the first one's making, all ready, who have
// read everything so far.
func (w *world) gathered(names ...string) (ps []*peer, lobby message) {
	w.t.Helper()
	for i, name := range names {
		p := w.peer(name)
		ps = append(ps, p)
		if i == 0 {
			lobby = p.does(`{"type":"lobby:create"}`)["lobby"].(map[string]any)
		} else {
			p.does(`{"type":"lobby:join","code":%q}`, lobby["code"])
		}
	}
	for _, p := range ps {
		p.does(`{"type":"lobby:ready"}`)
	}
	for _, p := range ps {
		p.hears()
	}
	return ps, lobby
}

// member finds a player in a lobby of level 1.
func member(lobby any, id string) map[string]any {
	l, _ := lobby.(map[string]any)
	for _, team := range []string{"teamA", "teamB"} {
		players, _ := l[team].([]any)
		for _, p := range players {
			if p := p.(map[string]any); p["accountId"] == id {
				return p
			}
		}
	}
	return nil
}

// gate is a platform whose answers a test gives one by one.
type gate struct {
	arrived chan gameflowtest.Call
	answer  chan gameflowtest.Behaviour
}

// gatedWorld is a world whose starts wait for the test.
func gatedWorld(t testing.TB, lobby string) (*world, *gate) {
	t.Helper()
	g := &gate{arrived: make(chan gameflowtest.Call, 64), answer: make(chan gameflowtest.Behaviour)}
	w := newWorld(t, lobby, gameflowtest.Options{Decide: func(_ int, c gameflowtest.Call) gameflowtest.Behaviour {
		g.arrived <- c
		select {
		case b := <-g.answer:
			return b
		case <-t.Context().Done():
			return gameflowtest.Status(http.StatusServiceUnavailable)
		}
	}})
	return w, g
}

// pass lets the call that waits make its server, and returns it.
func (g *gate) pass(b gameflowtest.Behaviour) gameflowtest.Call {
	c := <-g.arrived
	g.answer <- b
	return c
}

// shaped holds a value against JSON text in which "*" stands for any one value
// that is there.
func shaped(t testing.TB, what string, got any, want string, args ...any) {
	t.Helper()
	var w any
	dec := json.NewDecoder(bytes.NewReader(fmt.Appendf(nil, want, args...)))
	must(t, dec.Decode(&w))
	if where := differs(got, w, "$"); where != "" {
		b, _ := json.Marshal(got)
		t.Errorf("%s: %s\ngot  %s\nwant %s", what, where, b, fmt.Sprintf(want, args...))
	}
}

func differs(got, want any, path string) string {
	switch w := want.(type) {
	case string:
		if w == "*" {
			if got == nil || got == "" {
				return path + " is empty"
			}
			return ""
		}
	case map[string]any:
		g, ok := got.(map[string]any)
		if m, is := got.(message); is {
			g, ok = m, true
		}
		if !ok {
			return path + " is no object"
		}
		for k := range g {
			if _, known := w[k]; !known {
				return path + "." + k + " is too many"
			}
		}
		for k, v := range w {
			if _, there := g[k]; !there {
				return path + "." + k + " is missing"
			}
			if where := differs(g[k], v, path+"."+k); where != "" {
				return where
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return path + " is no array of that length"
		}
		for i := range w {
			if where := differs(g[i], w[i], fmt.Sprintf("%s[%d]", path, i)); where != "" {
				return where
			}
		}
		return ""
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Sprintf("%s is %v, want %v", path, got, want)
	}
	return ""
}
