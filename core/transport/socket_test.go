package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/lobby"
)

func TestTokenPlaces(t *testing.T) {
	n := start(t, nil)
	for name, dial := range map[string]func() *client{
		"query":          func() *client { return n.dial("/_ws?token="+token("ann"), nil) },
		"header":         func() *client { return n.dial("/_ws", http.Header{"Authorization": {"Bearer " + token("ann")}}) },
		"below the game": func() *client { return n.dial("/games/arena/_ws?token="+token("ann"), nil) },
		"subprotocol": func() *client {
			c := n.dial("/_ws", http.Header{"Sec-WebSocket-Protocol": {"bearer, " + token("ann")}})
			if got := c.ws.Subprotocol(); got != "bearer" {
				t.Errorf("subprotocol %q", got)
			}
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := dial().expect("connected")
			if m["accountId"] != "ann" || m["username"] != "name of ann" || m["lobby"] != nil {
				t.Errorf("%v", m)
			}
		})
	}
}

func TestBadTokens(t *testing.T) {
	n := start(t, nil)
	for path, text := range map[string]string{
		"/_ws":                  "Token required",
		"/_ws?token=":           "Token required",
		"/_ws?token=nonsense":   "Invalid token",
		"/_ws?token=token:x":    "Invalid token",
		"/games/duel/_ws":       "Token required",
		"/games/duel/_ws?v=2&x": "Token required",
	} {
		c := n.dial(path, nil)
		m := c.expect("error")
		if m["message"] != text {
			t.Errorf("%s: %v", path, m)
		}
		c.closed(4401)
	}
}

func TestSignInThatEndedMeanwhile(t *testing.T) {
	n := start(t, nil)
	n.identity["arena"].ended["1ann"] = true
	c := n.dial("/_ws?token="+token("ann"), nil)
	c.refused("invalid_token", "Invalid token")
	c.closed(4401)
}

func TestIdentityDown(t *testing.T) {
	n := start(t, nil)
	n.identity["arena"].down = fault.Internal.With(errors.New("the disk is full of secrets"))
	c := n.dial("/_ws?token="+token("ann"), nil)
	if m := c.refused("internal", "Internal error"); strings.Contains(fmt.Sprint(m), "secrets") {
		t.Error(m)
	}
	c.closed(1013)
	n.identity["arena"].mu.Lock()
	n.identity["arena"].down = nil
	n.identity["arena"].mu.Unlock()
}

func TestLobbyLife(t *testing.T) {
	n := start(t, nil)
	ann, bob := n.player("ann"), n.player("bob")
	ann.send(`{"type":"lobby:create","id":"c1","name":"ours","properties":{"map":"ice","a":1}}`)
	created := ann.expect("lobby:created")
	if created["replyTo"] != "c1" || created.str("lobby", "name") != "ours" || created.str("lobby", "ownerId") != "ann" ||
		created.at("lobby", "properties", "map") != "ice" || created.str("lobby", "state") != "open" {
		t.Fatalf("%v", created)
	}
	code := created.str("lobby", "code")
	if len(code) != 6 {
		t.Fatalf("code %q", code)
	}
	ann.silent() // no lobby:updated of the creation itself

	bob.send(fmt.Sprintf(`{"type":"lobby:join","id":"j1","code":%q,"team":"B"}`, code))
	m := bob.expect("lobby:updated")
	if m.str("lobby", "teamB", 0, "accountId") != "bob" || m["replyTo"] != nil {
		t.Fatalf("%v", m)
	}
	if ack := bob.expect("ack"); ack["replyTo"] != "j1" || ack["version"] != m.at("lobby", "version") {
		t.Errorf("%v", ack)
	}
	ann.expect("lobby:updated")

	bob.send(`{"type":"lobby:ready"}`)
	for _, c := range []*client{ann, bob} {
		if m := c.expect("lobby:updated"); m.at("lobby", "teamB", 0, "ready") != true {
			t.Errorf("%v", m)
		}
	}
	version := bob.sayReadyAgain()
	ann.silent()
	bob.send(`{"type":"lobby:ready","id":"again"}`)
	if m := bob.expect("lobby:updated"); m.at("lobby", "version") != version {
		t.Errorf("%v", m)
	}
	if ack := bob.expect("ack"); ack["replyTo"] != "again" || ack["version"] != version {
		t.Errorf("%v", ack)
	}

	bob.send(`{"type":"lobby:chat","text":"hi","id":"t1"}`)
	for _, c := range []*client{ann, bob} {
		if m := c.expect("lobby:chat"); m["text"] != "hi" || m["accountId"] != "bob" || m["username"] != "name of bob" || m["at"] == nil {
			t.Errorf("%v", m)
		}
	}
	bob.expect("ack")

	bob.send(`{"type":"lobby:leave","id":"l1"}`)
	if m := bob.expect("lobby:left"); m["replyTo"] != "l1" {
		t.Errorf("%v", m)
	}
	if m := ann.expect("lobby:updated"); m.at("lobby", "teamB", 0) != nil {
		t.Errorf("%v", m)
	}
	bob.silent()
	bob.send(`{"type":"lobby:leave","id":"l2"}`)
	if m := bob.refused("not_in_lobby", "Not in a lobby"); m["replyTo"] != "l2" {
		t.Errorf("%v", m)
	}
}

// sayReadyAgain repeats a ready that changes nothing and returns the version told.
func (c *client) sayReadyAgain() any {
	c.t.Helper()
	c.send(`{"type":"lobby:ready","ready":true}`)
	return c.expect("lobby:updated").at("lobby", "version")
}

func TestMoveIsSilentForTheMover(t *testing.T) {
	n := start(t, nil)
	ann, bob, cid := n.player("ann"), n.player("bob"), n.player("cid")
	_, first := ann.create()
	_, second := bob.create()
	cid.join(first)
	ann.expect("lobby:updated")
	cid.join(second)
	ann.expect("lobby:updated")
	bob.expect("lobby:updated")
	ann.send(`{"type":"lobby:chat","text":"gone?"}`)
	ann.expect("lobby:chat")
	cid.silent()
	cid.create()
	bob.expect("lobby:updated")
	cid.silent()
}

func TestKick(t *testing.T) {
	n := start(t, nil)
	ann, bob := n.player("ann"), n.player("bob")
	id, code := ann.create()
	bob.join(code)
	ann.expect("lobby:updated")
	ann.send(`{"type":"lobby:kick","accountId":"bob","id":"k"}`)
	if m := bob.expect("lobby:kicked"); m["lobbyId"] != id {
		t.Errorf("%v", m)
	}
	ann.expect("lobby:updated")
	ann.expect("ack")
	ann.send(`{"type":"lobby:chat","text":"he is gone"}`)
	ann.expect("lobby:chat")
	bob.silent()
	bob.send(fmt.Sprintf(`{"type":"lobby:join","code":%q}`, code))
	bob.refused("kicked", "")
}

func TestMatchStartAndReconnect(t *testing.T) {
	n := start(t, nil)
	ann := n.player("ann")
	bob := n.dial("/_ws?v=2&token="+token("bob"), nil)
	bob.expect("connected")
	id, code := ann.create()
	bob.join(code)
	ann.expect("lobby:updated")
	for _, c := range []*client{ann, bob} {
		c.send(`{"type":"lobby:ready"}`)
		ann.expect("lobby:updated")
		bob.expect("lobby:updated")
	}
	ann.send(`{"type":"lobby:start","id":"s"}`)
	if m := ann.expect("lobby:updated"); m.str("lobby", "state") != "starting" {
		t.Fatalf("%v", m)
	}
	ann.expect("ack")
	bob.expect("lobby:updated")
	n.must(n.matches["arena"].commit(id, "match1"))
	for c, account := range map[*client]string{ann: "ann", bob: "bob"} {
		if m := c.expect("lobby:updated"); m.str("lobby", "state") != "in_match" {
			t.Errorf("%v", m)
		}
		m := c.expect("match:started")
		if m.str("matchData", "ticket") != "ticket-match1-"+account || m.at("matchData", "server", "port") != 7777.0 ||
			m.str("matchData", "lobbyId") != id || m.str("matchData", "server", "serverName") != "srv" {
			t.Errorf("%s: %v", account, m)
		}
		if level1, level2 := m.at("matchData", "teamA") != nil, m.at("matchData", "teams") != nil; level1 == level2 || level1 != (account == "ann") {
			t.Errorf("%s: %v", account, m)
		}
	}
	// bob comes back in the middle of the match.
	_ = bob.ws.Close()
	if m := ann.expect("lobby:updated"); m.at("lobby", "teamB", 0, "connected") != false || m.at("lobby", "teamB", 0, "ready") != true {
		t.Errorf("%v", m)
	}
	bob = n.dial("/_ws?token="+token("bob"), nil)
	m := bob.expect("connected")
	if m.str("lobby", "id") != id || m.str("matchData", "ticket") != "ticket-match1-bob" || m.str("matchData", "matchId") != "match1" {
		t.Errorf("%v", m)
	}
	ann.expect("lobby:updated")
	bob.silent() // the lobby was in connected
	// The match ends while he is away again.
	_ = bob.ws.Close()
	ann.expect("lobby:updated")
	n.must(n.lobbies["arena"].EndMatch(id, "match1", []byte(`{"teams":[]}`), nil))
	if m := ann.expect("match:ended"); m.at("result", "teams") == nil {
		t.Errorf("%v", m)
	}
	ann.expect("lobby:updated")
	bob = n.dial("/_ws?token="+token("bob"), nil)
	if m := bob.expect("connected"); m.str("lobby", "state") != "open" || m["matchData"] != nil {
		t.Errorf("%v", m)
	}
	if m := bob.expect("match:ended"); m["matchId"] != "match1" {
		t.Errorf("%v", m)
	}
}

func TestStartThatFails(t *testing.T) {
	n := start(t, nil)
	ann, bob := n.player("ann"), n.player("bob")
	id, code := ann.create()
	bob.join(code)
	ann.expect("lobby:updated")
	bob.send(`{"type":"lobby:start"}`)
	bob.refused("not_owner", "Only lobby owner can start match")
	ann.send(`{"type":"lobby:start"}`)
	ann.refused("not_ready", "Not all players are ready")
	for _, c := range []*client{ann, bob} {
		c.send(`{"type":"lobby:ready"}`)
		ann.expect("lobby:updated")
		bob.expect("lobby:updated")
	}
	ann.send(`{"type":"lobby:start","id":"s"}`)
	ann.expect("lobby:updated")
	ann.expect("ack")
	bob.expect("lobby:updated")
	_, err := n.lobbies["arena"].FailStart(id, n.matches["arena"].lastID(), errAllocation)
	n.must(err)
	m := ann.refused("allocation_failed", "Failed to allocate game server")
	if m["lobbyId"] != id || m["matchId"] != n.matches["arena"].lastID() || m["replyTo"] != nil {
		t.Errorf("%v", m)
	}
	if m := bob.expect("match:failed"); m["code"] != "allocation_failed" || m["lobbyId"] != id {
		t.Errorf("%v", m)
	}
	for _, c := range []*client{ann, bob} {
		if m := c.expect("lobby:updated"); m.str("lobby", "state") != "open" || m.at("lobby", "teamA", 0, "ready") != true {
			t.Errorf("%v", m)
		}
	}
}

func TestDisconnectIsTold(t *testing.T) {
	n := start(t, nil)
	ann, bob := n.player("ann"), n.player("bob")
	_, code := ann.create()
	bob.join(code)
	ann.expect("lobby:updated")
	for name, end := range map[string]func(*client){
		"cut": func(c *client) { _ = c.ws.NetConn().Close() },
		"close frame": func(c *client) {
			_ = c.ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "bye"))
			c.closed(1000)
		},
	} {
		end(bob)
		if m := ann.expect("lobby:updated"); m.at("lobby", "teamB", 0, "connected") != false {
			t.Errorf("%s: %v", name, m)
		}
		bob = n.player("bob")
		if m := ann.expect("lobby:updated"); m.at("lobby", "teamB", 0, "connected") != true {
			t.Errorf("%s: %v", name, m)
		}
	}
}

// TestRepliesInOrder sends a mix at once: the answers come in its order, each once.
func TestRepliesInOrder(t *testing.T) {
	n := start(t, func(s *setup) { s.Limits.Disabled = true })
	ann := n.player("ann")
	kinds := []string{
		`"type":"ping"`, `"type":"lobby:create"`, `"type":"lobby:ready"`, `"type":"lobby:ready","ready":"banana"`, `"type":"lobby:chat","text":"x"`,
		`"type":"nonsense"`, `"type":"lobby:team","team":"B"`, `"type":"lobby:leave"`, `"type":"matchmaking:cancel"`,
	}
	const count = 300
	go func() {
		for i := range count {
			_ = ann.ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"id":"%d",%s}`, i, kinds[i%len(kinds)]))
		}
	}()
	for i := 0; i < count; {
		m := ann.next()
		if m["replyTo"] == nil {
			continue
		}
		if m["replyTo"] != fmt.Sprint(i) {
			t.Fatalf("reply %v, want %d", m, i)
		}
		i++
	}
}

func TestMatchmakingIsNotThere(t *testing.T) {
	n := start(t, nil)
	ann := n.player("ann")
	ann.send(`{"type":"matchmaking:find","id":"f"}`)
	if m := ann.expect("matchmaking:error"); m["message"] != "Failed to enter matchmaking" || m["replyTo"] != "f" {
		t.Errorf("%v", m)
	}
	ann.send(`{"type":"matchmaking:cancel"}`)
	ann.expect("matchmaking:cancelled")
	for _, text := range []string{`"latency","regions":{}`, `"nonsense"`} {
		ann.send(fmt.Sprintf(`{"type":%s,"id":"r"}`, text))
		if m := ann.refused("unknown_type", "Unknown message type"); m["replyTo"] != "r" {
			t.Errorf("%v", m)
		}
	}
}

func TestPanicInARoomIsOneError(t *testing.T) {
	n := start(t, nil)
	n.games["arena"].Lobbies = panicky{n.games["arena"].Lobbies}
	ann := n.player("ann")
	ann.send(`{"type":"lobby:ready","id":"p"}`)
	ann.refused("internal", "Internal error")
	ann.silent()
	if n.logs.FilterMessage("message panicked").Len() != 1 {
		t.Error("the panic was not logged")
	}
}

func TestPanicWhileASocketIsOpened(t *testing.T) {
	n := start(t, nil)
	n.games["arena"].Lobbies = panicky{n.games["arena"].Lobbies}
	c := n.dial("/_ws?token="+token("panic"), nil)
	c.refused("internal", "Internal error")
	c.closed(1013)
	n.untilCount(0)
	n.player("ann")
}

type panicky struct{ Lobbies }

func (p panicky) Connect(ctx context.Context, who lobby.Who, commit func(lobby.Return)) (lobby.Return, error) {
	if who.AccountID == "panic" {
		panic("defect")
	}
	return p.Lobbies.Connect(ctx, who, commit)
}

func (panicky) Ready(context.Context, lobby.Who, bool) (lobby.Result, error) { panic("defect") }
