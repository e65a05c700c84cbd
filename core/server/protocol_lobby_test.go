package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

// lobbyOf is the newest lobby among messages.
func lobbyOf(t testing.TB, all []message) message {
	t.Helper()
	for i := len(all) - 1; i >= 0; i-- {
		if l, ok := all[i]["lobby"].(map[string]any); ok {
			return l
		}
	}
	t.Fatalf("no lobby in %v", all)
	return nil
}

// TestProtocolOneSeat: creating or joining another leaves the first, silently for
// the mover, in one atomic step; if that is refused, the old seat stays.
func TestProtocolOneSeat(t *testing.T) {
	w := newWorld(t, "max_lobbies = 3", gameflowtest.Options{})
	ps, _ := w.gathered("ann", "bob", "cid")
	ann, bob, cid := ps[0], ps[1], ps[2]
	other := w.peer("other")
	target := other.does(`{"type":"lobby:create","isPrivate":true,"password":"pw"}`).at("lobby")
	code := message(target.(map[string]any))["code"]
	for _, sent := range []string{
		fmt.Sprintf(`{"type":"lobby:join","code":%q}`, code), `{"type":"lobby:join","code":"none"}`, `{"type":"lobby:create","maxPlayers":99}`,
	} {
		if m := bob.ask("%s", sent); m.kind() != "error" {
			t.Errorf("%s: %v", sent, m)
		}
	}
	ann.silent("a refused move")
	bob.does(`{"type":"lobby:join","code":%q,"password":"pw"}`, code)
	if told := bob.hearsKinds("the mover joins", "lobby:updated"); told[0].at("lobby", "id") != message(target.(map[string]any))["id"] {
		t.Error("the mover is told of", told[0])
	}
	if told := ann.hearsKinds("bob moved", "lobby:updated"); member(told[0]["lobby"], bob.id) != nil {
		t.Error("bob is still in", told[0])
	}
	cid.hears()
	cid.does(`{"type":"lobby:create"}`) // the third lobby
	cid.silent("the mover creates")
	ann.hearsKinds("cid moved", "lobby:updated")
	if m := bob.ask(`{"type":"lobby:create"}`); m["code"] != "lobby_limit" {
		t.Error("a fourth lobby:", m)
	}
	other.hears()
	bob.does(`{"type":"lobby:leave"}`)
	other.hearsKinds("bob left", "lobby:updated")
	bob.silent("after lobby:left")
}

func TestProtocolTeamsAndBots(t *testing.T) {
	w := newWorld(t, `team "red" { size = 2 }
    team "blue" { size = 2 }`, gameflowtest.Options{})
	ann := w.peer("ann")
	made := ann.does(`{"type":"lobby:create"}`)
	code := made.at("lobby", "code")
	where := func(l message, id string) string {
		for _, team := range []string{"teamA", "teamB"} {
			if member(map[string]any{team: l[team]}, id) != nil {
				return team
			}
		}
		return ""
	}
	joins := func(name, team string) (*peer, message) {
		t.Helper()
		p := w.peer(name)
		m := p.ask(`{"type":"lobby:join","code":%q%s}`, code, team)
		if m.kind() == "error" {
			return p, m
		}
		return p, lobbyOf(t, p.hears())
	}
	bob, l := joins("bob", `,"team":"A"`) // the first team, whatever its name
	if where(l, bob.id) != "teamA" {
		t.Error("A is the first team:", l)
	}
	_, m := joins("full", `,"team":"red"`)
	if m["code"] != "team_full" {
		t.Error("a full team:", m)
	}
	cid, l := joins("cid", `,"team":"no such team"`) // choose for me: the smallest
	if where(l, cid.id) != "teamB" {
		t.Error("an unknown team:", l)
	}
	if m := bob.ask(`{"type":"lobby:team","team":"nope"}`); m["code"] != "unknown_team" {
		t.Error("lobby:team:", m)
	}
	bob.does(`{"type":"lobby:ready"}`)
	bob.does(`{"type":"lobby:team","team":"blue"}`)
	l = lobbyOf(t, bob.hears())
	if where(l, bob.id) != "teamB" || member(map[string]any(l), bob.id)["ready"] != false {
		t.Error("lobby:team changes the team and clears one's ready:", l)
	}
	if m := ann.ask(`{"type":"lobby:team","team":"B"}`); m["code"] != "team_full" {
		t.Error("a full team of humans:", m)
	}
	// One seat is left, in red. perTeam above the team's size is the size.
	ann.does(`{"type":"lobby:ready"}`)
	ann.hears()
	ann.does(`{"type":"lobby:fill-bots","perTeam":5}`)
	l = lobbyOf(t, ann.hears())
	red, blue := l["teamA"].([]any), l["teamB"].([]any)
	if len(red) != 2 || len(blue) != 2 || member(map[string]any(l), ann.id)["ready"] != true {
		t.Fatal("only adds:", l)
	}
	bot := red[1].(map[string]any)
	shaped(t, "a bot", bot, `{"accountId":"*","username":"Bot 1","ready":true,"bot":true,"connected":true}`)
	if id := bot["accountId"].(string); !strings.HasPrefix(id, "bot-") || len(id) != len("bot-")+36 {
		t.Error("bot id", id)
	}
	// A human who joins takes a bot's seat; then the lobby is full.
	dan, l := joins("dan", "")
	if where(l, dan.id) != "teamA" || member(map[string]any(l), bot["accountId"].(string)) != nil {
		t.Error("a human takes a bot's seat:", l)
	}
	if _, m := joins("eve", ""); m["code"] != "lobby_full" {
		t.Error("full of humans:", m)
	}
}

func TestProtocolOwner(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{})
	ps, lobby := w.gathered("ann", "bob", "cid", "dan")
	ann, bob, cid, dan := ps[0], ps[1], ps[2], ps[3]
	// The owner drops: the longest-present connected human owns it in the same version.
	ann.drop()
	told := dan.until("that ann is away", func(m message) bool { p := member(m["lobby"], ann.id); return p != nil && p["connected"] == false })
	if told.at("lobby", "ownerId") != bob.id || member(told["lobby"], ann.id)["ready"] != false || member(told["lobby"], bob.id)["ready"] != true {
		t.Error("ann dropped:", told)
	}
	dan.silent("one drop, one version")
	bob.hears()
	if m := bob.ask(`{"type":"lobby:start"}`); m["message"] != "Not all players are ready" {
		t.Error("a start while a member is away:", m)
	}
	ann.connect("")
	back := ann.hear("connected")
	p := member(back["lobby"], ann.id)
	if back.at("lobby", "ownerId") != bob.id || p["connected"] != true || p["ready"] != false || back.at("lobby", "id") != lobby["id"] {
		t.Error("ann is back:", back)
	}
	dan.hearsKinds("ann is back", "lobby:updated")
	bob.hears()
	cid.hears()
	ann.hears()
	// He leaves: cid has been there longest now, ann's absence does not count, she joined first.
	bob.does(`{"type":"lobby:leave"}`)
	if l := lobbyOf(t, dan.hearsKinds("bob left", "lobby:updated")); l["ownerId"] != ann.id {
		t.Error("the longest-present is ann:", l)
	}
	ann.does(`{"type":"lobby:promote","accountId":%q}`, dan.id)
	if l := lobbyOf(t, dan.hearsKinds("promote", "lobby:updated")); l["ownerId"] != dan.id {
		t.Error("dan should own it:", l)
	}
	cid.hears()
	ann.hears()
	// A kick: the kicked is told, the others see the lobby, he cannot rejoin.
	dan.does(`{"type":"lobby:kick","accountId":%q}`, cid.id)
	shaped(t, "lobby:kicked", cid.hearsKinds("kick", "lobby:kicked")[0], `{"type":"lobby:kicked","lobbyId":%q}`, lobby["id"])
	if l := lobbyOf(t, ann.hearsKinds("kick", "lobby:updated")); member(map[string]any(l), cid.id) != nil {
		t.Error("cid is still in", l)
	}
	dan.does(`{"type":"lobby:chat","text":"gone"}`)
	cid.silent("after a kick")
	ann.connect("") // and whoever was kicked while away has no seat
	ann.hear("connected")
}

func TestProtocolUpdate(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{})
	ps, _ := w.gathered("ann", "bob")
	ann, bob := ps[0], ps[1]
	for _, c := range []struct {
		sent   string
		clears bool // every human's ready
		holds  string
	}{
		{`"name":"  n  "`, false, `{"name":"n","isPrivate":false,"hasPassword":false,"maxPlayers":8,"properties":{}}`},
		{`"isPrivate":true,"password":"pw"`, false, `{"name":"n","isPrivate":true,"hasPassword":true,"maxPlayers":8,"properties":{}}`},
		{`"properties":{"a":1,"b":{"c":[1,2]}}`, true, `{"name":"n","isPrivate":true,"hasPassword":true,"maxPlayers":8,"properties":{"a":1,"b":{"c":[1,2]}}}`},
		{`"properties":{"a":null,"d":"x"}`, true, `{"name":"n","isPrivate":true,"hasPassword":true,"maxPlayers":8,"properties":{"b":{"c":[1,2]},"d":"x"}}`},
		{`"password":null`, false, `{"name":"n","isPrivate":true,"hasPassword":false,"maxPlayers":8,"properties":{"b":{"c":[1,2]},"d":"x"}}`},
		{`"maxPlayers":2,"name":null`, true, `{"name":"n","isPrivate":true,"hasPassword":false,"maxPlayers":2,"properties":{"b":{"c":[1,2]},"d":"x"}}`},
	} {
		for _, p := range ps {
			p.does(`{"type":"lobby:ready"}`)
		}
		bob.hears()
		ann.does(`{"type":"lobby:update",%s}`, c.sent)
		l := lobbyOf(t, bob.hearsKinds(c.sent, "lobby:updated"))
		got := map[string]any{}
		for _, k := range []string{"name", "isPrivate", "hasPassword", "maxPlayers", "properties"} {
			got[k] = l[k]
		}
		shaped(t, c.sent, got, "%s", c.holds)
		for _, p := range ps {
			if member(map[string]any(l), p.id)["ready"] != !c.clears {
				t.Errorf("%s: %s is ready: %v", c.sent, p.name, !c.clears)
			}
		}
	}
}

// TestProtocolNoGrace: "0s" = leaves at once, as the template.
func TestProtocolNoGrace(t *testing.T) {
	w, g := gatedWorld(t, `reconnect_grace = "0s"`)
	ps, lobby := w.gathered("ann", "bob", "cid")
	ann, bob, cid := ps[0], ps[1], ps[2]
	cid.drop()
	if m := ann.untilKind("lobby:updated"); member(m["lobby"], cid.id) != nil {
		t.Error("cid dropped:", m)
	}
	bob.hears()
	// Below min_players the start is cancelled.
	ann.does(`{"type":"lobby:start"}`)
	<-g.arrived
	bob.drop()
	if m := ann.untilKind("match:failed"); m["code"] != "start_cancelled" {
		t.Error("bob dropped:", m)
	}
	ann.drop()
	// Without any human it is deleted. Nobody is left to tell when.
	dan := w.peer("dan")
	for {
		m := dan.ask(`{"type":"lobby:join","code":%q}`, lobby["code"])
		if m["code"] == "lobby_not_found" {
			break
		}
		dan.does(`{"type":"lobby:leave"}`)
		dan.hears()
	}
	g.answer <- gameflowtest.OK()
}

// TestProtocolDuplicates: what a second socket of an account does.
func TestProtocolDuplicates(t *testing.T) {
	platform := gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: "key"})
	defer platform.Close()
	duplicate := func(policy string) *world {
		game := strings.Replace(stubGame("arena", platform.URL, ""), "lobby {", "duplicate = \""+policy+"\"\n  lobby {", 1)
		return &world{t: t, platform: platform, url: startNode(t, game).PublicURL()}
	}
	t.Run("replace", func(t *testing.T) {
		w := duplicate("replace")
		ps, lobby := w.gathered("ann", "bob")
		old := *ps[0]
		ps[0].connect("")
		if m := ps[0].hear("connected"); m.at("lobby", "id") != lobby["id"] || member(m["lobby"], ps[0].id)["ready"] != true {
			t.Error("the second socket is told", m)
		}
		if _, code := old.closed(); code != 4409 {
			t.Error("the first closed with", code)
		}
		ps[1].silent("a replaced socket is no drop")
		ps[0].does(`{"type":"lobby:ready","ready":false}`)
		ps[1].hearsKinds("the second socket speaks", "lobby:updated")
	})
	t.Run("refuse", func(t *testing.T) {
		w := duplicate("refuse")
		ps, _ := w.gathered("ann", "bob")
		second := *ps[0]
		second.connect("")
		if last, _ := second.closed(); last.kind() != "error" {
			t.Error("the second socket is told", last)
		}
		ps[0].does(`{"type":"lobby:ready","ready":false}`)
		ps[1].hearsKinds("the first lives on", "lobby:updated")
	})
	t.Run("allow", func(t *testing.T) {
		w := duplicate("allow")
		ps, _ := w.gathered("ann", "bob")
		second := *ps[0]
		second.connect("&v=2")
		if m := second.hear("connected"); m.at("lobby", "teams") == nil {
			t.Error("the second socket is told", m)
		}
		ps[1].does(`{"type":"lobby:chat","text":"both"}`)
		ps[0].hearsKinds("a line", "lobby:chat")
		second.hearsKinds("a line", "lobby:chat")
		ps[1].hears()
		ps[0].drop() // one of two is no drop
		second.does(`{"type":"lobby:leave"}`)
		if all := ps[1].hearsKinds("ann left by her second socket", "lobby:updated"); member(all[0]["lobby"], ps[0].id) != nil {
			t.Error("ann is still in", all[0])
		}
	})
}

// TestProtocolReadyTimeout: from the first ready on, humans not ready after it get
// lobby:kicked reason ready_timeout and may rejoin.
func TestProtocolReadyTimeout(t *testing.T) {
	w := newWorld(t, `ready_timeout = "300ms"`, gameflowtest.Options{})
	ann, bob := w.peer("ann"), w.peer("bob")
	code := ann.does(`{"type":"lobby:create"}`).at("lobby", "code")
	bob.does(`{"type":"lobby:join","code":%q}`, code)
	ann.does(`{"type":"lobby:fill-bots","perTeam":2}`) // bots are ready, and no first ready
	ann.hears()
	bob.hears()
	bob.does(`{"type":"lobby:ready"}`)
	m := ann.untilKind("lobby:kicked")
	shaped(t, "lobby:kicked", m, `{"type":"lobby:kicked","lobbyId":"*","reason":"ready_timeout"}`)
	told := bob.until("that ann is gone", func(m message) bool { return m.kind() == "lobby:updated" && member(m["lobby"], ann.id) == nil })
	if told.at("lobby", "ownerId") != bob.id {
		t.Error("bob should own it:", told)
	}
	ann.does(`{"type":"lobby:join","code":%q}`, code)
}
