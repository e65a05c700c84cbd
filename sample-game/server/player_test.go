package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/muster-gg/muster/sample-game/server/sim"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// arena is a server under test.
type arena struct {
	t     *testing.T
	fleet *fleet
	url   string
	stop  context.CancelFunc // SIGTERM
	ended chan error
}

func quick() settings {
	s := settings{mode: modeArena, rules: sim.Arena(), waits: defaultWaits()}
	s.rules.Seconds, s.rules.Countdown = 1, 1
	s.waits.rest, s.waits.stay = time.Second, 200*time.Millisecond
	return s
}

func long() settings {
	s := quick()
	s.rules.Seconds = 600
	return s
}

// begin starts a server; the test ends it if nothing else does.
func begin(t *testing.T, f *fleet, s settings) *arena {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	port := freePort(t)
	env := map[string]string{"AGONES_SDK_HTTP_PORT": f.port(), "GAMEFLOW_DEFAULT_PORT": port}
	a := &arena{t: t, fleet: f, url: "ws://127.0.0.1:" + port + "/", stop: stop, ended: make(chan error, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.ended <- serve(ctx, s, func(k string) string { return env[k] }, slog.New(slog.NewJSONHandler(io.Discard, nil)))
	}()
	t.Cleanup(func() { stop(); <-done })
	return a
}

// end waits for the process to end by itself.
func (a *arena) end() error {
	a.t.Helper()
	select {
	case err := <-a.ended:
		return err
	case <-time.After(patience):
		a.t.Fatal("the server did not end")
		return nil
	}
}

// player is a page.
type player struct {
	t    *testing.T
	conn *websocket.Conn
}

// reply has the fields of every message that the server sends.
type reply struct {
	T        string          `json:"t"`
	You      string          `json:"you"`
	Mode     string          `json:"mode"`
	Map      json.RawMessage `json:"map"`
	Teams    []string        `json:"teams"`
	Players  json.RawMessage `json:"players"`
	Duration int             `json:"duration"`
	Goal     int             `json:"goal"`
	Tick     int             `json:"tick"`
	Left     float64         `json:"left"`
	Score    []int           `json:"score"`
	Winner   *int            `json:"winner"`
	Phase    string          `json:"phase"`
	P        [][]float64     `json:"p"`
	S        [][]float64     `json:"s"`
	Ack      int64           `json:"ack"`
	Kind     string          `json:"kind"`
	Player   int             `json:"player"`
	At       float64         `json:"at"`
	Code     string          `json:"code"`
	Message  string          `json:"message"`
}

// dial connects once the server listens.
func (a *arena) dial() *player {
	a.t.Helper()
	for until := time.Now().Add(patience); ; {
		conn, _, err := websocket.DefaultDialer.Dial(a.url, nil)
		if err == nil {
			a.t.Cleanup(func() { conn.Close() })
			return &player{a.t, conn}
		}
		if time.Now().After(until) {
			a.t.Fatal(err)
		}
		select {
		case err := <-a.ended:
			a.t.Fatalf("the server ended: %v", err)
		case <-time.After(10 * time.Millisecond): // it is starting
		}
	}
}

func (a *arena) join(id string) *player {
	a.t.Helper()
	p := a.dial()
	p.send(map[string]any{"t": "join", "ticket": ticket(a.t, id)})
	if m := p.until("welcome"); m.You != id {
		a.t.Fatalf("welcomed as %q", m.You)
	}
	return p
}

func (p *player) send(v any) {
	p.t.Helper()
	if err := p.conn.WriteJSON(v); err != nil {
		p.t.Fatal(err)
	}
}

// next is the next message, or an error when the socket ends.
func (p *player) next() (m reply, err error) {
	_ = p.conn.SetReadDeadline(time.Now().Add(patience))
	err = p.conn.ReadJSON(&m)
	return m, err
}

// until reads up to the first message of a type.
func (p *player) until(kind string) reply {
	p.t.Helper()
	return p.find(kind, func(reply) bool { return true })
}

func (p *player) find(kind string, ok func(reply) bool) reply {
	p.t.Helper()
	for {
		m, err := p.next()
		if err != nil {
			p.t.Fatalf("no %s: %v", kind, err)
		}
		if m.T == kind && ok(m) {
			return m
		}
	}
}

// refused reads an error message and the end of the socket behind it.
func (p *player) refused(code string) {
	p.t.Helper()
	if m := p.until("error"); m.Code != code || m.Message == "" {
		p.t.Fatalf("refused with %+v, want %s", m, code)
	}
	p.closed()
}

func (p *player) closed() {
	p.t.Helper()
	for {
		_, err := p.next()
		if err == nil {
			continue
		}
		if !websocket.IsCloseError(err, websocket.CloseNormalClosure) && !strings.Contains(err.Error(), "reset") {
			p.t.Fatalf("socket ended by %v", err)
		}
		return
	}
}
