package transport

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"go.uber.org/zap"
)

func TestReplacePolicy(t *testing.T) {
	n := start(t, nil)
	ann, bob := n.player("ann"), n.player("bob")
	id, code := ann.create()
	bob.join(code)
	ann.expect("lobby:updated")
	fresh := n.dial("/_ws?token="+token("ann"), nil)
	if m := fresh.expect("connected"); m.str("lobby", "id") != id {
		t.Errorf("%v", m)
	}
	ann.closed(4409)
	n.untilCount(2)
	// The old socket's end did not mark ann as away.
	bob.silent()
	bob.send(`{"type":"lobby:chat","text":"still here?"}`)
	fresh.expect("lobby:chat")
}

func TestRefusePolicy(t *testing.T) {
	n := start(t, func(s *setup) { s.Games[0].Duplicate = "refuse" })
	ann := n.player("ann")
	ann.create()
	second := n.dial("/_ws?token="+token("ann"), nil)
	second.refused("already_connected", "")
	second.closed(4409)
	ann.silent()
	if s, err := n.lobbies["arena"].SeatOf(t.Context(), "ann"); err != nil || s.LobbyID == "" {
		t.Errorf("%v %v", s, err)
	}
}

func TestAllowPolicy(t *testing.T) {
	n := start(t, func(s *setup) { s.Games[0].Duplicate = "allow" })
	one, two, bob := n.player("ann"), n.player("ann"), n.player("bob")
	id, code := one.create()
	if m := two.expect("lobby:updated"); m.str("lobby", "id") != id {
		t.Errorf("%v", m)
	}
	bob.join(code)
	one.expect("lobby:updated")
	two.expect("lobby:updated")
	three := n.dial("/_ws?token="+token("ann"), nil)
	if m := three.expect("connected"); m.str("lobby", "id") != id {
		t.Errorf("%v", m)
	}
	_ = one.ws.NetConn().Close()
	n.untilCount(3)
	bob.silent() // she is still there
	two.send(`{"type":"lobby:leave","id":"l"}`)
	if m := two.expect("lobby:left"); m["replyTo"] != "l" {
		t.Errorf("%v", m)
	}
	if m := three.expect("lobby:left"); m["replyTo"] != nil {
		t.Errorf("%v", m)
	}
	bob.expect("lobby:updated")
	three.silent()
	bob.send(`{"type":"lobby:chat","text":"alone"}`)
	bob.expect("lobby:chat")
	two.silent()
	three.silent()
}

func TestUnknownPolicyIsRefused(t *testing.T) {
	if _, err := newGame(Game{Name: "x", Identity: &accounts{}, Lobbies: panicky{}, Matches: &matches{}, Duplicate: "maybe"}, zap.NewNop()); err == nil {
		t.Error("accepted")
	}
}

func TestDraining(t *testing.T) {
	n := start(t, nil)
	ann := n.player("ann")
	id, _ := ann.create()
	n.Announce()
	if m := ann.expect("server:draining"); m["reconnectAfterMs"] == nil {
		t.Errorf("%v", m)
	}
	ann.silent() // what goes on may come to its end
	_, resp, err := websocket.DefaultDialer.Dial(n.url("/_ws?token="+token("bob")), nil)
	if err == nil || resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Fatalf("%v %v", err, resp)
	}
	if status, body := n.get("/readyz", ""); status != 503 || !strings.Contains(body, "draining") {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := n.get("/healthz", ""); status != 200 {
		t.Error(status)
	}
	done := make(chan error, 1)
	go func() { done <- n.Drain(context.Background()) }()
	ann.closed(1001)
	_ = ann.ws.Close()
	n.must(<-done)
	if s, err := n.lobbies["arena"].Get(t.Context(), id); err != nil || s.Lobby.Teams[0].Players[0].Connected {
		t.Errorf("%v %v", s.Lobby, err)
	}
}

func TestDrainIsBounded(t *testing.T) {
	n := start(t, nil)
	n.player("ann") // and never reads again
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := n.Drain(ctx); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	n.untilCount(0)
}

func TestLogoutEndsTheSocket(t *testing.T) {
	n := start(t, nil)
	ann := n.player("ann")
	other := n.dial("/games/duel/_ws?token="+token("ann"), nil)
	other.expect("connected")
	if status, _ := n.post("/auth/logout", token("ann"), ``); status != 204 {
		t.Fatal(status)
	}
	ann.closed(4401)
	other.silent() // another game's
	if status, _ := n.get("/accounts/me", token("ann")); status != 401 {
		t.Error(status)
	}
}

func TestErasedAccountLeavesItsLobby(t *testing.T) {
	n := start(t, nil)
	ann, bob := n.player("ann"), n.player("bob")
	_, code := ann.create()
	bob.join(code)
	ann.expect("lobby:updated")
	if status, body := n.do(http.MethodDelete, "/accounts/me", token("ann"), ``); status != 204 || body != "" {
		t.Fatal(status, body)
	}
	ann.closed(4401)
	for {
		if m := bob.expect("lobby:updated"); m.at("lobby", "teamA", 0) == nil && m.str("lobby", "ownerId") == "bob" {
			break
		}
	}
	if s, err := n.lobbies["arena"].SeatOf(t.Context(), "ann"); err != nil || s.LobbyID != "" {
		t.Errorf("%v %v", s, err)
	}
}
