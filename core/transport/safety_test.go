package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/muster-gg/muster/core/broadcast"
	"github.com/muster-gg/muster/core/session"
)

func TestMalformedMessagesLeaveTheSocketAlive(t *testing.T) {
	n := start(t, nil)
	ann := n.player("ann")
	for _, text := range []string{
		``, `{`, `null`, `[]`, `"ping"`, `{}`, `{"type":1}`, `{"type":"ping"} x`, "{\"type\":\"ping\",\"id\":\"\xff\"}",
		`{"type":"lobby:create","name":5}`, `{"type":"lobby:ready","ready":"banana"}`,
		`{"type":"lobby:create","properties":` + strings.Repeat(`[`, 1000) + strings.Repeat(`]`, 1000) + `}`,
		`{"type":"ping","id":7}`,
	} {
		ann.send(text)
		ann.refused("invalid_message", "Invalid message format")
	}
	if err := ann.ws.WriteMessage(websocket.BinaryMessage, []byte(`{"type":"ping"}`)); err != nil {
		t.Fatal(err)
	}
	ann.refused("invalid_message", "Invalid message format")
	ann.send(`{"type":"lobby:join"}`)
	ann.refused("lobby_required", "Lobby ID or code required")
	ann.send(`{"type":"lobby:create","maxPlayers":99,"id":"x"}`)
	if m := ann.refused("invalid_field", ""); m["replyTo"] != "x" {
		t.Errorf("%v", m)
	}
	ann.silent()
}

func TestOversizedFrame(t *testing.T) {
	n := start(t, nil)
	ann := n.player("ann")
	big := `{"type":"ping","x":"` + strings.Repeat("y", 128<<10) + `"}`
	_ = ann.ws.WriteMessage(websocket.TextMessage, []byte(big))
	ann.closed(1009)
	bob := n.player("bob")
	bob.send(`{"type":"ping","x":"` + strings.Repeat("y", 127<<10) + `"}`)
	bob.expect("pong")
}

func TestRateLimit(t *testing.T) {
	n := start(t, func(s *setup) { s.Limits.Messages = Rate{5, time.Hour} })
	ann := n.player("ann")
	for range 5 {
		ann.send(`{"type":"ping"}`)
		ann.expect("pong")
	}
	ann.send(`{"type":"ping","id":"six"}`)
	m := ann.refused("rate_limited", "")
	if ms, _ := m["retryAfterMs"].(float64); ms <= 0 || ms > float64(time.Hour.Milliseconds()) || m["replyTo"] != "six" {
		t.Errorf("%v", m)
	}
	// Another player is not concerned.
	n.player("bob").silent()
}

func TestFlood(t *testing.T) {
	flood := Limits{Messages: Rate{5, time.Hour}, Floods: Rate{10, time.Hour}}
	for _, c := range []struct {
		name string
		kind int
	}{{"messages", websocket.TextMessage}, {"binary", websocket.BinaryMessage}, {"pings", websocket.PingMessage}} {
		t.Run(c.name, func(t *testing.T) {
			n := start(t, func(s *setup) { s.Limits = flood })
			ann := n.player("ann")
			for range 30 {
				_ = ann.ws.WriteMessage(c.kind, []byte(`{"type":"ping"}`))
			}
			ann.closed(4429)
		})
	}
}

func TestDisabledLimits(t *testing.T) {
	n := start(t, func(s *setup) {
		s.Limits = Limits{Disabled: true, Messages: Rate{1, time.Hour}, Floods: Rate{1, time.Hour}, AccountGuesses: Rate{1, time.Hour},
			SignIns: Rate{1, time.Hour}, Connects: Rate{1, time.Hour}, Sockets: 1}
	})
	n.player("bob")
	ann := n.player("ann")
	for i := range 50 {
		ann.send(fmt.Sprintf(`{"type":"lobby:join","code":"%06d"}`, i))
		ann.refused("lobby_not_found", "Lobby not found")
		if status, _ := n.post("/auth/anonymous", "", `{"username":"x"}`); status != 200 {
			t.Fatal(status)
		}
	}
}

func TestCodeGuesses(t *testing.T) {
	n := start(t, func(s *setup) {
		s.Limits = Limits{AccountGuesses: Rate{3, time.Hour}, AddressGuesses: Rate{5, time.Hour}}
	})
	owner := n.player("owner")
	_, code := owner.create()
	guess := func(c *client, n int) {
		c.send(fmt.Sprintf(`{"type":"lobby:join","code":"x%d"}`, n))
	}
	ann := n.player("ann")
	for i := range 3 {
		guess(ann, i)
		ann.refused("lobby_not_found", "Lobby not found")
	}
	guess(ann, 3)
	if m := ann.refused("rate_limited", ""); m["retryAfterMs"] == nil {
		t.Errorf("%v", m)
	}
	// A new socket of hers does not help.
	ann = n.player("ann")
	guess(ann, 4)
	ann.refused("rate_limited", "")
	// Right codes cost nothing.
	bob := n.player("bob")
	for range 10 {
		bob.join(code)
		owner.expect("lobby:updated")
		bob.send(`{"type":"lobby:leave"}`)
		bob.expect("lobby:left")
		owner.expect("lobby:updated")
	}
	// Other accounts of the same address share a second limit.
	guess(bob, 5)
	bob.refused("lobby_not_found", "")
	guess(bob, 6)
	bob.refused("lobby_not_found", "")
	guess(bob, 7)
	bob.refused("rate_limited", "")
	// Joining by id is no guess.
	bob.send(`{"type":"lobby:join","lobbyId":"none"}`)
	bob.refused("lobby_not_found", "")
}

func TestSocketsOfOneAddress(t *testing.T) {
	n := start(t, func(s *setup) { s.Limits = Limits{Sockets: 2, Connects: Rate{4, time.Hour}} })
	first := n.player("ann")
	n.player("bob")
	try := func() (int, string) {
		_, resp, err := websocket.DefaultDialer.Dial(n.url("/_ws?token="+token("cid")), nil)
		if err == nil {
			t.Fatal("let in")
		}
		return resp.StatusCode, resp.Header.Get("Retry-After")
	}
	if status, retry := try(); status != 429 || retry == "" {
		t.Fatalf("%d, %q", status, retry)
	}
	_ = first.ws.WriteMessage(websocket.CloseMessage, nil)
	first.closed(1005)
	n.untilCount(1)
	n.player("cid")
	if status, _ := try(); status != 429 { // the fifth attempt
		t.Fatal(status)
	}
}

// untilCount waits until so many sessions are registered.
func (n *node) untilCount(want int) {
	n.t.Helper()
	n.until(func() bool { return n.sessions.Count() == want })
}

func (n *node) until(ok func() bool) {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			n.t.Fatal("it never came to that")
		}
	}
}

func TestSlowReader(t *testing.T) {
	n := start(t, func(s *setup) {
		s.Limits.Disabled = true
		s.sessions.Limits = session.Limits{Queue: 256 << 10, Grace: 50 * time.Millisecond}
	})
	ann := n.player("ann")
	s := n.sessions.Of("arena", "ann")[0]
	f := broadcast.NewFrame(fmt.Appendf(nil, `{"type":"x","x":%q}`, bytes.Repeat([]byte("y"), 64<<10)))
	for i := 0; !s.Closed(); i++ {
		if i > 1000 {
			t.Fatal("never closed")
		}
		s.Send(f)
	}
	ann.closed(4413)
	n.untilCount(0)
}

func TestIdle(t *testing.T) {
	n := start(t, func(s *setup) {
		s.Watch = session.WatchOptions{Ping: 100 * time.Millisecond, Idle: time.Second}
	})
	ann := n.player("ann")
	pings := 0
	ann.ws.SetPingHandler(func(string) error { pings++; return nil }) // and says nothing
	ann.closed(4408)
	if pings == 0 {
		t.Error("it was never asked")
	}
	// Who answers pings stays: the client library does so while it reads.
	bob := n.player("bob")
	answered := make(chan struct{}, 100)
	bob.ws.SetPingHandler(func(data string) error {
		answered <- struct{}{}
		return bob.ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(time.Second))
	})
	read := make(chan error, 1)
	go func() { _, _, err := bob.ws.ReadMessage(); read <- err }()
	for range 12 { // longer than Idle
		select {
		case <-answered:
		case err := <-read:
			t.Fatal(err)
		}
	}
	_ = bob.ws.NetConn().Close()
	<-read
}

func TestOrigin(t *testing.T) {
	n := start(t, func(s *setup) { s.Development, s.Origins = false, []string{"https://play.example.com"} })
	dial := func(origin string) int {
		h := http.Header{}
		if origin != "" {
			h.Set("Origin", origin)
		}
		ws, resp, err := websocket.DefaultDialer.Dial(n.url("/_ws?token="+token("ann")), h)
		if err == nil {
			_ = ws.Close()
			return 101
		}
		return resp.StatusCode
	}
	for origin, want := range map[string]int{
		"": 101, "https://play.example.com": 101, "https://PLAY.example.com": 101, "https://evil.example.com": 403, "null": 403,
		"http://play.example.com": 403, "https://play.example.com.evil.example.com": 403,
	} {
		if got := dial(origin); got != want {
			t.Errorf("%q: %d, want %d", origin, got, want)
		}
	}
	dev := start(t, nil)
	ws, _, err := websocket.DefaultDialer.Dial(dev.url("/_ws?token="+token("ann")), http.Header{"Origin": {"https://evil.example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = ws.Close()
}

func TestNoTokenInTheLog(t *testing.T) {
	n := start(t, nil)
	n.player("secretperson").closeNow()
	n.get("/_ws?token=secret", "")
	n.get("/accounts/me?token=secret", "wrong-secret")
	n.post("/auth/anonymous", "", `{"deviceId":"secret`)
	n.identity["arena"].mu.Lock()
	n.identity["arena"].down = errors.New("down")
	n.identity["arena"].mu.Unlock()
	n.get("/accounts/me?token=secret", "bearer-secret")
	n.untilCount(0)
	for _, e := range n.logs.All() {
		if text := fmt.Sprint(e.Message, e.ContextMap()); strings.Contains(strings.ReplaceAll(text, "secretperson", ""), "secret") {
			t.Errorf("logged: %s", text)
		}
	}
}

func (c *client) closeNow() { _ = c.ws.NetConn().Close() }
