package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

// TestProtocolRefusals sends what must be refused in each state of a lobby. Every
// refusal is answered, and none changes anything.
func TestProtocolRefusals(t *testing.T) {
	w, g := gatedWorld(t, "")
	ps, lobby := w.gathered("ann", "bob")
	ann, bob, cid := ps[0], ps[1], w.peer("cid")
	bob.does(`{"type":"lobby:ready","ready":false}`)
	private := w.peer("priv")
	hidden := private.does(`{"type":"lobby:create","isPrivate":true,"password":"pw"}`)
	kicked := w.peer("kicked")
	kicked.does(`{"type":"lobby:join","code":%q}`, lobby["code"])
	ann.does(`{"type":"lobby:kick","accountId":%q}`, kicked.id)

	type refusal struct {
		who        *peer
		sent       string
		code, text string // text is a part of the message
	}
	keys := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"k%d":1,`, i)
		}
		return "{" + strings.TrimSuffix(b.String(), ",") + "}"
	}
	byCode := func(code any) string { return fmt.Sprintf(`{"type":"lobby:join","code":%q}`, code) }
	byID := func(id any) string { return fmt.Sprintf(`{"type":"lobby:join","lobbyId":%q}`, id) }
	at := func(kind, id string) string { return fmt.Sprintf(`{"type":"lobby:%s","accountId":%q}`, kind, id) }

	open := []refusal{
		{bob, `{"type":"lobby:start"}`, "not_owner", "Only lobby owner can start match"},
		{bob, `{"type":"lobby:fill-bots"}`, "not_owner", "Only lobby owner can add bots"},
		{bob, `{"type":"lobby:update","name":"x"}`, "not_owner", ""},
		{bob, at("kick", ann.id), "not_owner", ""},
		{bob, at("promote", bob.id), "not_owner", ""},
		{bob, `{"type":"lobby:cancel-start"}`, "not_owner", ""},
		{ann, `{"type":"lobby:start"}`, "not_ready", "Not all players are ready"},
		{ann, `{"type":"lobby:cancel-start"}`, "not_starting", ""},
		{ann, byCode(lobby["code"]), "already_in_lobby", "Already in lobby"},
		{cid, `{"type":"lobby:join"}`, "lobby_required", "Lobby ID or code required"},
		{cid, byID("nowhere"), "lobby_not_found", "Lobby not found"},
		{cid, byCode("none"), "lobby_not_found", "Lobby not found"},
		// code wins
		{cid, fmt.Sprintf(`{"type":"lobby:join","code":"none","lobbyId":%q}`, lobby["id"]), "lobby_not_found", "Lobby not found"},
		{cid, byID(hidden.at("lobby", "id")), "lobby_private", "Lobby is private"},
		{cid, byCode(hidden.at("lobby", "code")), "wrong_password", ""},
		{cid, strings.Replace(byCode(hidden.at("lobby", "code")), "{", `{"password":"no",`, 1), "wrong_password", ""},
		{kicked, byCode(lobby["code"]), "kicked", ""},
		{kicked, byID(lobby["id"]), "kicked", ""},
		{ann, at("kick", cid.id), "not_member", ""},
		{ann, at("promote", cid.id), "not_member", ""},
		{ann, `{"type":"lobby:kick"}`, "invalid_field", "accountId"},
		{ann, `{"type":"lobby:kick","accountId":5}`, "invalid_message", "Invalid message format"},
		{ann, `{"type":"lobby:team","team":"Z"}`, "unknown_team", ""},
		{ann, `{"type":"lobby:team","team":null}`, "invalid_field", "team"},
		{ann, `{"type":"lobby:team","team":1}`, "invalid_message", "Invalid message format"},
		{ann, `{"type":"lobby:ready","ready":"banana"}`, "invalid_message", "Invalid message format"},
		{ann, `{"type":"lobby:ready","ready":1}`, "invalid_message", "Invalid message format"},
		{ann, `{"type":"lobby:ready","ready":null}`, "invalid_message", "Invalid message format"},
		{ann, `{"type":"lobby:update","maxPlayers":0}`, "invalid_field", "maxPlayers"},
		{ann, `{"type":"lobby:update","maxPlayers":9}`, "invalid_field", "maxPlayers"},
		{ann, `{"type":"lobby:update","maxPlayers":1}`, "invalid_field", "maxPlayers"}, // two are in it
		{ann, `{"type":"lobby:update","maxPlayers":2.5}`, "invalid_field", "maxPlayers"},
		{ann, `{"type":"lobby:update","maxPlayers":"4"}`, "invalid_message", "Invalid message format"},
		{ann, `{"type":"lobby:update","name":5}`, "invalid_message", "Invalid message format"},
		{ann, `{"type":"lobby:update","isPrivate":"yes"}`, "invalid_message", "Invalid message format"},
		{ann, `{"type":"lobby:update","properties":[]}`, "invalid_message", "Invalid message format"},
		{ann, `{"type":"lobby:update","properties":` + keys(33) + `}`, "invalid_field", "properties"},
		{ann, `{"type":"lobby:update","properties":{"k":"` + strings.Repeat("x", 4<<10) + `"}}`, "invalid_field", "properties"},
		{ann, `{"type":"lobby:update","name":"` + strings.Repeat("x", 65) + `"}`, "invalid_field", "name"},
		{ann, `{"type":"lobby:chat","text":""}`, "invalid_field", "text"},
		{ann, `{"type":"lobby:chat"}`, "invalid_field", "text"},
		{ann, `{"type":"lobby:chat","text":"` + strings.Repeat("ä", 501) + `"}`, "invalid_field", "text"},
		{ann, `{"type":"lobby:chat","text":{}}`, "invalid_message", "Invalid message format"},
		{ann, `{"type":"lobby:fill-bots","perTeam":-1}`, "invalid_field", "perTeam"},
		{ann, `{"type":"lobby:create","maxPlayers":9}`, "invalid_field", "maxPlayers"}, // and the old seat stays
		{ann, `{"type":"lobby:create","properties":` + keys(33) + `}`, "invalid_field", "properties"},
		{ann, `{"type":"lobby:nope"}`, "unknown_type", "Unknown message type"},
		{ann, `{"type":"rpc","name":"x"}`, "not_found", "Unknown rpc"},
		{ann, `{"type":"latency"}`, "invalid_field", "regions"},
		{ann, `{"type":"latency","regions":{"eu":"near"}}`, "invalid_message", "Invalid message format"},
		{ann, `{"type":5}`, "invalid_message", "Invalid message format"},
		{ann, `{"no":"type"}`, "invalid_message", "Invalid message format"},
	}
	for _, kind := range []string{`leave"`, `ready"`, `start"`, `cancel-start"`, `fill-bots"`, `team","team":"A"`, `update"`, `chat","text":"x"`, `kick","accountId":"x"`, `promote","accountId":"x"`} {
		open = append(open, refusal{cid, `{"type":"lobby:` + kind + `}`, "not_in_lobby", "Not in a lobby"})
	}
	starting := []refusal{
		{cid, byCode(lobby["code"]), "lobby_starting", ""},
		{bob, `{"type":"lobby:team","team":"A"}`, "lobby_starting", ""},
		{bob, `{"type":"lobby:ready","ready":false}`, "lobby_starting", ""},
		{ann, `{"type":"lobby:update","name":"x"}`, "lobby_starting", ""},
		{ann, `{"type":"lobby:fill-bots"}`, "lobby_starting", ""},
		{ann, at("promote", bob.id), "lobby_starting", ""},
		{ann, `{"type":"lobby:start"}`, "already_starting", ""},
		{bob, `{"type":"lobby:start"}`, "not_owner", "Only lobby owner can start match"},
		{bob, `{"type":"lobby:cancel-start"}`, "not_owner", ""},
	}
	inMatch := []refusal{
		{cid, byCode(lobby["code"]), "in_match", ""},
		{bob, `{"type":"lobby:team","team":"A"}`, "in_match", ""},
		{ann, `{"type":"lobby:update","name":"x"}`, "in_match", ""},
		{ann, `{"type":"lobby:fill-bots"}`, "in_match", ""},
		{ann, `{"type":"lobby:start"}`, "in_match", ""},
		{ann, `{"type":"lobby:cancel-start"}`, "not_starting", ""},
	}
	check := func(state string, rows []refusal) {
		t.Helper()
		for _, r := range rows {
			m := r.who.ask("%s", r.sent)
			if m.kind() != "error" || m["code"] != r.code || !strings.Contains(fmt.Sprint(m["message"]), r.text) {
				t.Errorf("%s: %s sends %.200s: %v, want %s %q", state, r.who.name, r.sent, m, r.code, r.text)
			}
			if r.code == "invalid_message" || r.code == "unknown_type" || r.code == "already_in_lobby" {
				shaped(t, r.sent, m, `{"type":"error","message":%q,"code":%q,"replyTo":"*"}`, r.text, r.code)
			}
		}
		for _, p := range []*peer{ann, bob, cid} {
			p.silent(state + ": refusals change nothing")
		}
	}
	for _, p := range []*peer{ann, bob, cid} {
		p.hears()
	}
	check("open", open)

	bob.does(`{"type":"lobby:ready"}`)
	ann.does(`{"type":"lobby:start"}`)
	<-g.arrived
	ann.until("the step", func(m message) bool { return m.at("lobby", "step") == "allocating" })
	for _, p := range []*peer{ann, bob, cid} {
		p.hears()
	}
	check("starting", starting)
	g.answer <- gameflowtest.OK()
	ann.untilKind("match:started")
	bob.untilKind("match:started")
	ann.hears()
	bob.hears()
	check("in_match", inMatch)
}

// TestProtocolMinPlayers: a start with too few seats taken.
func TestProtocolMinPlayers(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{})
	ps, _ := w.gathered("ann")
	if m := ps[0].ask(`{"type":"lobby:start"}`); m["code"] != "too_few_players" {
		t.Error("one of two:", m)
	}
	ps[0].does(`{"type":"lobby:fill-bots","perTeam":1}`) // bots count
	ps[0].does(`{"type":"lobby:start"}`)
	ps[0].untilKind("match:started")
}

// TestProtocolNoChangeNoBroadcast: an accepted command that changes nothing sends
// the current lobby:updated, same version, to its sender alone.
func TestProtocolNoChangeNoBroadcast(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{})
	ps, _ := w.gathered("ann", "bob")
	ann, bob := ps[0], ps[1]
	ann.does(`{"type":"lobby:update","name":"n","password":"pw","properties":{"map":"docks","deep":{"a":[1]}}}`)
	ann.does(`{"type":"lobby:ready"}`)
	ann.does(`{"type":"lobby:fill-bots"}`)
	all := ann.hears()
	version := all[len(all)-1].at("lobby", "version")
	bob.hears()
	for _, sent := range []string{
		`{"type":"lobby:ready","ready":true}`, `{"type":"lobby:team","team":"A"}`, `{"type":"lobby:update"}`,
		`{"type":"lobby:update","name":"n","isPrivate":false,"maxPlayers":8,"properties":{"map":"docks","gone":null}}`,
		`{"type":"lobby:update","properties":{"deep": {"a": [1]}}}`, `{"type":"lobby:update","password":"pw"}`,
		`{"type":"lobby:fill-bots"}`, `{"type":"lobby:fill-bots","perTeam":1}`, fmt.Sprintf(`{"type":"lobby:promote","accountId":%q}`, ann.id),
	} {
		ack := ann.does("%s", sent)
		shaped(t, sent, ack, `{"type":"ack","replyTo":"*","version":%v}`, version)
		told := ann.hearsKinds(sent, "lobby:updated")
		if len(told) == 1 && told[0].at("lobby", "version") != version {
			t.Errorf("%s: version %v, was %v", sent, told[0].at("lobby", "version"), version)
		}
		bob.silent(sent)
	}
}

// TestProtocolAnswersWithIDs: which reply belongs to which request, and that
// broadcasts never carry replyTo.
func TestProtocolAnswersWithIDs(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{})
	ann, bob := w.peer("ann"), w.peer("bob")
	for _, c := range []struct{ sent, kind string }{
		{`{"type":"ping"}`, "pong"}, {`{"type":"matchmaking:find","queue":"duel"}`, "matchmaking:error"},
		{`{"type":"matchmaking:cancel"}`, "matchmaking:cancelled"}, {`{"type":"lobby:leave"}`, "error"}, {`{"type":"lobby:create"}`, "lobby:created"},
		{`{"type":"latency","regions":{"eu":31}}`, "ack"}, {`{"type":"lobby:ready"}`, "ack"}, {`{"type":"lobby:chat","text":"hi"}`, "ack"}, {`{"type":"lobby:team","team":"B"}`, "ack"},
		{`{"type":"lobby:update","name":"x"}`, "ack"}, {`{"type":"lobby:fill-bots","perTeam":1}`, "ack"}, {`{"type":"lobby:leave"}`, "lobby:left"},
	} {
		m := ann.ask("%s", c.sent)
		if m.kind() != c.kind {
			t.Errorf("%s with an id is answered %v", c.sent, m)
		}
		if c.sent == `{"type":"matchmaking:find","queue":"duel"}` && m["message"] != "Failed to enter matchmaking" {
			t.Errorf("matchmaking: %v", m)
		}
		for _, m := range ann.hears() {
			if _, there := m["replyTo"]; there {
				t.Errorf("%s: %v carries replyTo too", c.sent, m)
			}
		}
	}
	code := ann.does(`{"type":"lobby:create"}`).at("lobby", "code")
	// The ack comes after what it stands for was saved and told.
	bob.does(`{"type":"lobby:join","code":%q}`, code)
	bob.hearsKinds("a join", "lobby:updated")
	joined := ann.hearsKinds("bob's join", "lobby:updated")
	ack := bob.does(`{"type":"lobby:ready"}`)
	told := ann.hears()
	if ack["version"] != told[0].at("lobby", "version") || ack["version"].(float64) <= joined[0].at("lobby", "version").(float64) {
		t.Errorf("acked %v, the others are told %v", ack, told)
	}
	bob.hears()
	// Without an id nothing but the effect is told.
	bob.say(`{"type":"lobby:ready","ready":false}`)
	bob.hearsKinds("no id", "lobby:updated")
	bob.say(`{"type":"lobby:leave"}`)
	if left := bob.hearsKinds("no id", "lobby:left"); len(left) == 1 {
		shaped(t, "lobby:left", left[0], `{"type":"lobby:left"}`)
	}
	// The id of a request that is refused comes back if it could be read.
	for _, sent := range []string{`"type":"nope"`, `"type":7`, `"type":"lobby:ready","ready":"x"`, `"type":"lobby:join"`} {
		bob.say(`{"id":"mine",%s}`, sent)
		if m := bob.read(); m.kind() != "error" || m["replyTo"] != "mine" {
			t.Errorf("%s: %v", sent, m)
		}
	}
	for _, id := range []string{`7`, `{}`, `"` + strings.Repeat("x", 65) + `"`} {
		bob.say(`{"type":"ping","id":%s}`, id)
		if m := bob.read(); m["code"] != "invalid_message" {
			t.Errorf("id %s: %v", id, m)
		}
	}
	bob.say(`{"type":"ping","id":"%s"}`, strings.Repeat("é", 64))
	if m := bob.read(); m.kind() != "pong" || m["replyTo"] != strings.Repeat("é", 64) {
		t.Error("an id of 64 characters:", m)
	}
}

func TestProtocolFrames(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{})
	ann := w.peer("ann")
	deep := func(n int) string { // the message itself is the first level
		return `{"type":"ping","x":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + `}`
	}
	ann.say("%s", deep(32))
	ann.hear("pong")
	for what, sent := range map[string]string{
		"33 levels": deep(33), "60,000 levels": deep(60000), "an array": `[]`, "nothing": ``, "a half": `{"type":`, "two": `{"type":"ping"} {"type":"ping"}`,
		"not UTF-8": "{\"type\":\"ping\",\"x\":\"\xff\"}", "a control character": "{\"type\":\"ping\",\"x\":\"\n\"}", "NaN": `{"type":"ping","x":NaN}`,
	} {
		ann.say("%s", sent)
		shaped(t, what, ann.read(), `{"type":"error","message":"Invalid message format","code":"invalid_message"}`)
	}
	must(t, ann.ws.WriteMessage(websocket.BinaryMessage, []byte(`{"type":"ping"}`)))
	shaped(t, "a binary frame", ann.read(), `{"type":"error","message":"Invalid message format","code":"invalid_message"}`)
	// 128 KiB are read, one byte more is not.
	full := func(n int) string {
		const head, tail = `{"type":"ping","x":"`, `"}`
		return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
	}
	ann.say("%s", full(128<<10))
	ann.hear("pong")
	ann.say("%s", full(128<<10+1))
	if _, code := ann.closed(); code != 1009 {
		t.Error("a frame over 128 KiB closes with", code)
	}
}

func TestProtocolTokens(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{})
	ann := w.signs("ann")
	base := "ws" + strings.TrimPrefix(w.url, "http") + "/_ws"
	for what, c := range map[string]struct {
		url    string
		header http.Header
		text   string // of the error; empty: welcomed
	}{
		"query":         {base + "?token=" + ann.token, nil, ""},
		"header":        {base, http.Header{"Authorization": {"Bearer " + ann.token}}, ""},
		"subprotocol":   {base, http.Header{"Sec-WebSocket-Protocol": {"bearer, " + ann.token}}, ""},
		"below a game":  {strings.Replace(base, "/_ws", "/games/arena/_ws", 1) + "?token=" + ann.token, nil, ""},
		"none":          {base, nil, "Token required"},
		"empty":         {base + "?token=", nil, "Token required"},
		"bad":           {base + "?token=nonsense", nil, "Invalid token"},
		"refresh token": {base + "?token=" + ann.refresh, nil, "Invalid token"},
	} {
		ws, res, err := websocket.DefaultDialer.DialContext(t.Context(), c.url, c.header)
		must(t, err)
		_ = res.Body.Close()
		p := &peer{t: t, w: w, name: what, ws: ws}
		if c.text == "" {
			shaped(t, what, p.read(), `{"type":"connected","accountId":%q,"username":"ann"}`, ann.id)
		} else if last, code := p.closed(); last["message"] != c.text || last.kind() != "error" || code != 4401 {
			t.Errorf("%s: %v, closed with %d", what, last, code)
		}
		_ = ws.Close()
	}
}
