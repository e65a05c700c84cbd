package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

// TestProtocolLevels has one lobby of three teams seen at both levels, from its
// making to its match.
func TestProtocolLevels(t *testing.T) {
	w := newWorld(t, `team "red" { size = 1 }
    team "green" { size = 2 }
    team "blue" { size = 1 }`, gameflowtest.Options{})
	ann, bob := w.signs("ann"), w.signs("bob")
	ann.connect("")
	bob.connect("&v=2")
	ann.hear("connected")
	bob.hear("connected")
	made := ann.does(`{"type":"lobby:create","name":"three","properties":{"b":1,"a":[true]}}`)
	player := func(p *peer, ready bool) string {
		return fmt.Sprintf(`{"accountId":%q,"username":%q,"ready":%v,"bot":false,"connected":true}`, p.id, p.name, ready)
	}
	const rest = `"id":"*","code":"*","isPrivate":false,"ownerId":%q,"version":"*","name":"three","state":%q,"hasPassword":false,
		"maxPlayers":4,"properties":{"a":[true],"b":1},"createdAt":"*"`
	teams := func(a, b string) string {
		return `"teams":[{"name":"red","size":1,"players":[` + a + `]},{"name":"green","size":2,"players":[` + b + `]},{"name":"blue","size":1,"players":[]}]`
	}
	pa := player(ann, false)
	shaped(t, "level 1, created", made["lobby"], "%s", `{`+fmt.Sprintf(rest, ann.id, "open")+`,"teamA":[`+pa+`],"teamB":[],`+teams(pa, "")+`}`)
	if code, _ := made.at("lobby", "code").(string); len(code) != 6 || strings.Trim(code, "0123456789") != "" {
		t.Errorf("code %q", code)
	}
	bob.does(`{"type":"lobby:join","code":%q,"team":"B"}`, made.at("lobby", "code")) // the second team, whatever its name
	pb := player(bob, false)
	one, two := ann.hearsKinds("join", "lobby:updated"), bob.hearsKinds("join", "lobby:updated")
	shaped(t, "level 1, joined", one[0]["lobby"], "%s", `{`+fmt.Sprintf(rest, ann.id, "open")+`,"teamA":[`+pa+`],"teamB":[`+pb+`],`+teams(pa, pb)+`}`)
	shaped(t, "level 2, joined", two[0]["lobby"], "%s", `{`+fmt.Sprintf(rest, ann.id, "open")+`,`+teams(pa, pb)+`}`)
	bob.does(`{"type":"lobby:team","team":"blue"}`)
	bob.does(`{"type":"lobby:team","team":"B"}`)
	ann.does(`{"type":"lobby:ready"}`)
	bob.does(`{"type":"lobby:ready"}`)
	ann.does(`{"type":"lobby:start","region":"us-east"}`)
	const match = `"matchId":"*","lobbyId":"*","startedAt":"*","region":"us-east","ticket":"*","server":{"address":"203.0.113.1","port":20000,"serverName":"gs-0"}`
	ra, rb := fmt.Sprintf(`{"accountId":%q,"username":"ann"}`, ann.id), fmt.Sprintf(`{"accountId":%q,"username":"bob"}`, bob.id)
	roster := `"teams":[{"name":"red","players":[` + ra + `]},{"name":"green","players":[` + rb + `]},{"name":"blue","players":[]}]`
	m1, m2 := ann.untilKind("match:started"), bob.untilKind("match:started")
	shaped(t, "level 1, match", m1, "%s", `{"type":"match:started","matchData":{`+match+`,"teamA":[`+ra+`],"teamB":[`+rb+`],`+roster+`}}`)
	shaped(t, "level 2, match", m2, "%s", `{"type":"match:started","matchData":{`+match+`,`+roster+`}}`)
	if m1.at("matchData", "ticket") == m2.at("matchData", "ticket") {
		t.Error("one ticket for two")
	}
	// Reconnect: connected has lobby and matchData.
	bob.connect("&v=2")
	back := bob.hear("connected")
	shaped(t, "connected", back, `{"type":"connected","accountId":%q,"username":"bob","lobby":"*","matchData":{`+match+`,`+roster+`}}`, bob.id)
	if l := back.at("lobby", "state"); l != "in_match" || back.at("lobby", "teamA") != nil {
		t.Error("back in", back["lobby"])
	}
	// At most two teams: level 1 has no teams.
	w = newWorld(t, "", gameflowtest.Options{})
	cid := w.peer("cid")
	if l := cid.does(`{"type":"lobby:create"}`); l.at("lobby", "teams") != nil || l.at("lobby", "teamB") == nil {
		t.Error("two teams at level 1:", l)
	}
}

func TestProtocolChat(t *testing.T) {
	w, g := gatedWorld(t, "")
	ps, lobby := w.gathered("ann", "bob", "cid")
	line := func(state string) {
		t.Helper()
		ps[1].say(`{"type":"lobby:chat","text":"%s\n%s"}`, state, strings.Repeat("ä", 480))
		ps[1].hears()
		ps[1].does(`{"type":"lobby:chat","text":"hi"}`)
		for _, p := range ps {
			all := p.hearsKinds(state, map[bool]string{true: "lobby:chat", false: "lobby:chat lobby:chat"}[p == ps[1]])
			shaped(t, state, all[len(all)-1], `{"type":"lobby:chat","lobbyId":%q,"accountId":%q,"username":"bob","text":"hi","at":"*"}`, lobby["id"], ps[1].id)
		}
	}
	line("open")
	ps[0].does(`{"type":"lobby:start"}`)
	<-g.arrived
	for _, p := range ps {
		p.until("the step", func(m message) bool { return m.at("lobby", "step") == "allocating" })
		p.hears()
	}
	line("starting")
	g.answer <- gameflowtest.OK()
	for _, p := range ps {
		p.untilKind("match:started")
		p.hears()
	}
	line("in_match")
	// No history.
	ps[2].connect("")
	ps[2].hear("connected")
	ps[2].silent("reconnect")
}
