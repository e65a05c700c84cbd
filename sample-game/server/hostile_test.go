package main

import (
	"bytes"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/gorilla/websocket"
)

// TestTicketsRefused: nobody gets in without a ticket of his own for this match.
func TestTicketsRefused(t *testing.T) {
	f := newFleet(t)
	f.hand(f.payloadFor([]string{"ann"}, []string{"bot-1"}))
	a := begin(t, f, long())
	claims := func(change func(jwt.MapClaims)) jwt.MapClaims {
		c := jwt.MapClaims{"iss": "muster", "aud": testGame, "sub": "ann", "mid": testMatch, "exp": time.Now().Add(time.Hour).Unix()}
		change(c)
		return c
	}
	for name, token := range map[string]string{
		"none":        "",
		"garbage":     "a.b.c",
		"wrong key":   signed(t, bytes.Repeat([]byte{1}, 32), claims(func(jwt.MapClaims) {})),
		"other match": signed(t, testKey, claims(func(c jwt.MapClaims) { c["mid"] = "match-2" })),
		"other game":  signed(t, testKey, claims(func(c jwt.MapClaims) { c["aud"] = "duel" })),
		"expired":     signed(t, testKey, claims(func(c jwt.MapClaims) { c["exp"] = time.Now().Add(-time.Hour).Unix() })),
		"stranger":    ticket(t, "eve"),
		"a bot's":     ticket(t, "bot-1"),
	} {
		t.Run(name, func(t *testing.T) {
			p := a.dial()
			p.t = t
			p.send(map[string]any{"t": "join", "ticket": token})
			p.refused(codeTicket)
		})
	}
	t.Run("something else first", func(t *testing.T) {
		p := a.dial()
		p.t = t
		p.send(map[string]any{"t": "input", "dx": 1})
		p.refused(codeTicket)
	})
	a.join("ann") // with the right one
}

// TestSilence: a socket that says nothing is closed.
func TestSilence(t *testing.T) {
	f := newFleet(t)
	f.hand(f.payloadFor([]string{"ann"}, []string{"bot-1"}))
	s := long()
	s.waits.ticket = 50 * time.Millisecond
	begin(t, f, s).dial().refused(codeTicket)
}

// TestHostile: nothing that a player sends hurts the match of the others.
func TestHostile(t *testing.T) {
	f := newFleet(t)
	f.hand(f.payloadFor([]string{"ann"}, []string{"eve"}))
	a := begin(t, f, long())
	ann, eve := a.join("ann"), a.join("eve")
	ann.find("state", func(m reply) bool { return m.Phase == "play" })

	for _, frame := range []string{
		"", "null", "[]", "{}", "1e999", `"x"`, "{", strings.Repeat("[", 1000), `{"t":5}`, `{"t":"join","ticket":"x"}`,
		`{"t":"input","dx":1e999}`, `{"t":"input","dx":"1"}`, `{"t":"input","seq":-1}`, `{"t":"input","seq":1.5}`,
		`{"t":"input","dx":1e300,"dy":-1e300,"seq":3}`, `{"t":"ping","at":1e300}`, `{"t":"ping","at":{}}`, "\x00\xff",
	} {
		kind := websocket.TextMessage
		if strings.HasPrefix(frame, "\x00") {
			kind = websocket.BinaryMessage
		}
		if err := eve.conn.WriteMessage(kind, []byte(frame)); err != nil {
			t.Fatal(err)
		}
	}
	// She is still in: the one input that could be read counts, bounded.
	fast := eve.find("state", func(m reply) bool { return m.Ack == 3 })
	if v := fast.P[1][3]; v > 260 {
		t.Fatalf("speed %v", v)
	}

	t.Run("flood", func(t *testing.T) {
		for range int(burst) * 2 {
			if eve.conn.WriteMessage(websocket.TextMessage, []byte(`{"t":"ping","at":1}`)) != nil {
				break
			}
		}
		eve.t = t
		eve.refused(codeFast)
	})
	t.Run("too big", func(t *testing.T) {
		big := a.join("eve")
		_ = big.conn.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte("a"), maxFrame+1))
		for {
			if _, err := big.next(); err != nil {
				break
			}
		}
	})
	t.Run("no WebSocket", func(t *testing.T) {
		for _, text := range []string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01", "GET /x HTTP/1.1\r\nHost: x\r\n\r\n"} {
			conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(a.url, "ws://"), "/"))
			if err != nil {
				t.Fatal(err)
			}
			_, _ = conn.Write([]byte(text))
			answer := make([]byte, 12)
			_ = conn.SetReadDeadline(time.Now().Add(patience))
			if n, _ := conn.Read(answer); !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 40") {
				t.Errorf("%q answered by %q", text, answer[:n])
			}
			conn.Close()
		}
	})
	// The others play on.
	tick := ann.until("state").Tick
	ann.find("state", func(m reply) bool { return m.Tick > tick+10 })
}

// TestManySockets: strangers cannot take the sockets of the world.
func TestManySockets(t *testing.T) {
	f := newFleet(t)
	f.hand(f.payloadFor([]string{"ann"}, []string{"bot-1"}))
	a := begin(t, f, long())
	for range maxSockets {
		a.dial()
	}
	if conn, response, err := websocket.DefaultDialer.Dial(a.url, nil); err == nil {
		conn.Close()
		t.Fatal("one more got in")
	} else if response == nil || response.StatusCode != 503 {
		t.Fatalf("refused by %v", err)
	}
}
