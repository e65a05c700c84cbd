package server_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/runtime/native"
	"github.com/muster-gg/muster/sdk/hook"
)

// starts lets the first peer start, and returns when all have been told the last
// step of it, with nothing unread.
func starts(ps []*peer) (ack message) {
	ack = ps[0].does(`{"type":"lobby:start"}`)
	for _, p := range ps {
		p.until("the step", func(m message) bool { return m.at("lobby", "step") == "allocating" })
		p.seen = nil
	}
	return ack
}

// TestProtocolStartInOrder: every lobby:updated of a start comes before
// match:started, none caused by it after; ready stays true.
func TestProtocolStartInOrder(t *testing.T) {
	w, g := gatedWorld(t, "")
	ps, lobby := w.gathered("ann", "bob", "cid", "dan")
	ack := ps[0].does(`{"type":"lobby:start"}`)
	if all := ps[0].hears(); len(all) != 1 || all[0].at("lobby", "state") != "starting" || all[0].at("lobby", "version") != ack["version"] || all[0].at("lobby", "step") != nil {
		t.Errorf("the ack comes after `starting` is saved and told: %v, %v", ack, all)
	}
	call := <-g.arrived
	for _, p := range ps {
		p.until("the step", func(m message) bool { return m.at("lobby", "step") == "allocating" })
	}
	ps[3].does(`{"type":"lobby:leave"}`) // leaving and dropping work
	ps[2].drop()
	ps[1].until("that cid is away", func(m message) bool { p := member(m["lobby"], ps[2].id); return p != nil && p["connected"] == false })
	g.answer <- gameflowtest.OK()
	for _, p := range ps[:2] {
		m := p.untilKind("match:started")
		if m.at("matchData", "matchId") != call.MatchID {
			t.Error("another match:", m)
		}
		last := lobbyOf(t, p.seen)
		if last["state"] != "in_match" || member(map[string]any(last), ps[2].id)["ready"] != true {
			t.Errorf("%s: before match:started %v", p.name, last)
		}
		if players := fmt.Sprint(m.at("matchData", "teamA"), m.at("matchData", "teamB")); strings.Contains(players, ps[3].id) || !strings.Contains(players, ps[2].id) {
			t.Error("the roster is the members at the moment of commit:", players)
		}
		version := 0.0
		for _, m := range p.seen {
			v, ok := m.at("lobby", "version").(float64)
			if m.kind() != "lobby:updated" || !ok || v <= version {
				t.Errorf("%s: %v after version %v", p.name, m, version)
			}
			version = v
		}
		p.seen = nil
		p.silent("after match:started")
	}
	for _, m := range ps[3].hears() {
		if m.kind() == "match:started" {
			t.Error("who left gets no match:started")
		}
	}
	ps[2].connect("")
	back := ps[2].hear("connected")
	if back.at("matchData", "matchId") != call.MatchID || back.at("matchData", "ticket") == nil || back.at("lobby", "id") != lobby["id"] {
		t.Error("cid is back:", back)
	}
	ps[2].silent("a reconnect")
	// In match: ready is accepted and changes nothing; leave, kick, promote work.
	ps[2].does(`{"type":"lobby:ready","ready":false}`)
	if l := lobbyOf(t, ps[2].hears()); member(map[string]any(l), ps[2].id)["ready"] != true {
		t.Error("ready in a match:", l)
	}
	ps[0].hears()
	ps[0].does(`{"type":"lobby:promote","accountId":%q}`, ps[1].id)
	ps[1].does(`{"type":"lobby:kick","accountId":%q}`, ps[2].id)
	ps[2].untilKind("lobby:kicked")
	ps[0].does(`{"type":"lobby:leave"}`)
	if l := lobbyOf(t, ps[1].hears()); l["state"] != "in_match" || member(map[string]any(l), ps[0].id) != nil || member(map[string]any(l), ps[2].id) != nil {
		t.Error("the lobby in its match:", l)
	}
}

// no is a rule that refuses every start.
type no struct{}

func (no) ValidateStart(context.Context, *hook.Lobby) error { return hook.Refuse("not today", nil) }

// broken is a rule that fails.
type broken struct{}

func (broken) ValidateStart(context.Context, *hook.Lobby) error { return fmt.Errorf("a defect") }

// TestProtocolStartFails: the starter gets `error`, every other member
// match:failed with the same code, then lobby:updated open, readies kept.
func TestProtocolStartFails(t *testing.T) {
	const failed = "Failed to allocate game server"
	for _, c := range []struct {
		name       string
		rule       any // a hook's; nil: none
		answer     gameflowtest.Behaviour
		code, text string
	}{
		{"400", nil, gameflowtest.Status(400), "allocation_failed", failed},
		{"429", nil, gameflowtest.RateLimited("60"), "allocation_failed", failed},
		{"503", nil, gameflowtest.Status(503), "allocation_failed", failed},
		{"504", nil, gameflowtest.Status(504), "allocation_failed", failed},
		{"408", nil, gameflowtest.Status(408), "allocation_unknown", failed},
		{"500", nil, gameflowtest.Status(500), "allocation_unknown", failed},
		{"cut", nil, gameflowtest.Cut(), "allocation_unknown", failed},
		{"garbage", nil, gameflowtest.Garbage("<html>"), "allocation_unknown", failed},
		{"refused by a hook", no{}, gameflowtest.OK(), "refused_by_hook", "not today"},
		{"a hook failed", broken{}, gameflowtest.OK(), "hook_failed", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			// A node of its own: failures of one row must not open another's breaker.
			platform := gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: "key"})
			defer platform.Close()
			platform.Script(c.answer)
			var rules []*native.Hook
			if c.rule != nil {
				h, err := native.New("rule", "1", c.rule)
				must(t, err)
				rules = append(rules, h)
			}
			w := &world{t: t, platform: platform}
			w.url = startRuledNode(t, stubGame("arena", platform.URL, ""), map[string][]*native.Hook{"arena": rules}).PublicURL()
			ps, lobby := w.gathered("ann", "bob", "cid")
			ack := ps[0].does(`{"type":"lobby:start"}`)
			if ack.kind() != "ack" {
				t.Error("the start is answered", ack)
			}
			for _, p := range ps {
				kind := map[bool]string{true: "error", false: "match:failed"}[p == ps[0]]
				// The starter may hear all of it before his ack.
				m := p.next()
				for ; m.kind() == "lobby:updated" && m.at("lobby", "state") == "starting"; m = p.next() {
				}
				if kind == "error" {
					shaped(t, "the starter", m, `{"type":"error","message":"*","code":%q,"lobbyId":%q,"matchId":"*"}`, c.code, lobby["id"])
				} else {
					shaped(t, p.name, m, `{"type":"match:failed","message":"*","code":%q,"lobbyId":%q,"matchId":"*"}`, c.code, lobby["id"])
				}
				if c.text != "" && m["message"] != c.text {
					t.Errorf("%s: %v, want %q", p.name, m, c.text)
				}
				l := p.hear("lobby:updated")
				for _, o := range ps {
					if l.at("lobby", "state") != "open" || l.at("lobby", "step") != nil || member(l["lobby"], o.id)["ready"] != true {
						t.Errorf("%s: after it %v", p.name, l)
					}
				}
				p.silent("after a failed start")
			}
		})
	}
}

// TestProtocolStartCancelled: every member match:failed start_cancelled, no error;
// then lobby:updated, open, readies kept.
func TestProtocolStartCancelled(t *testing.T) {
	w, g := gatedWorld(t, "")
	for _, c := range []struct {
		name   string
		cancel func(ann, bob *peer)
	}{
		{"by the owner", func(ann, _ *peer) { ann.does(`{"type":"lobby:cancel-start"}`) }},
		{"by leaving", func(_, bob *peer) { bob.does(`{"type":"lobby:leave"}`) }},
		{"by moving on", func(_, bob *peer) { bob.does(`{"type":"lobby:create"}`) }},
		{"by a kick", func(ann, bob *peer) { ann.does(`{"type":"lobby:kick","accountId":%q}`, bob.id) }},
		{"by erasure", func(_, bob *peer) { w.call("DELETE", "/accounts/me", bob.token, "") }},
	} {
		ps, _ := w.gathered("ann", "bob")
		starts(ps)
		call := <-g.arrived
		c.cancel(ps[0], ps[1])
		all := ps[0].hearsKinds(c.name, "match:failed lobby:updated")
		shaped(t, c.name, all[0], `{"type":"match:failed","code":"start_cancelled","message":"*","lobbyId":"*","matchId":%q}`, call.MatchID)
		if l := lobbyOf(t, all); l["state"] != "open" || member(map[string]any(l), ps[0].id)["ready"] != true {
			t.Errorf("%s: %v", c.name, l)
		}
		if c.name == "by the owner" {
			ps[1].hearsKinds(c.name, "match:failed lobby:updated")
		}
		g.answer <- gameflowtest.OK()
		ps[0].silent(c.name + ": its server comes too late")
		if m := ps[0].ask(`{"type":"lobby:cancel-start"}`); m["code"] != "not_starting" {
			t.Errorf("%s: %v", c.name, m)
		}
		ps[0].does(`{"type":"lobby:leave"}`)
	}
}

// TestProtocolToldWhenBack: a start or match that ended while a player was away is
// told right after connected, once.
func TestProtocolToldWhenBack(t *testing.T) {
	for _, after := range []string{"delete", "reopen"} {
		t.Run(after, func(t *testing.T) {
			w, g := gatedWorld(t, fmt.Sprintf("after_match = %q", after))
			ps, lobby := w.gathered("ann", "bob", "cid")
			ann, bob, cid := ps[0], ps[1], ps[2]
			away := func(p *peer) {
				p.drop()
				cid.until("that "+p.name+" is away", func(m message) bool { q := member(m["lobby"], p.id); return q != nil && q["connected"] == false })
			}
			back := func(p *peer, kinds string) []message {
				t.Helper()
				p.connect("")
				all := p.hearsKinds("back", kinds)
				p.connect("")
				p.hear("connected")
				p.silent("told once")
				return all
			}
			starts(ps)
			call := <-g.arrived
			away(ann) // the starter himself
			away(bob)
			g.answer <- gameflowtest.Status(503)
			failed := cid.untilKind("match:failed")
			for _, p := range []*peer{ann, bob} {
				all := back(p, "connected match:failed")
				shaped(t, p.name, all[1], `{"type":"match:failed","code":"allocation_failed","message":"Failed to allocate game server","lobbyId":%q,"matchId":%q}`, lobby["id"], call.MatchID)
				if l := all[0]; l.at("lobby", "state") != "open" || l.at("matchData") != nil || failed["matchId"] != call.MatchID {
					t.Error("back to", l)
				}
				p.does(`{"type":"lobby:ready"}`)
			}
			cid.does(`{"type":"lobby:ready"}`)
			cid.until("that he owns it", func(m message) bool { return m.at("lobby", "ownerId") == cid.id })
			cid.hears()
			cid.does(`{"type":"lobby:start"}`)
			call = g.pass(gameflowtest.OK())
			bob.untilKind("match:started")
			cid.untilKind("match:started")
			away(bob)
			must(t, report(t.Context(), []byte(call.Payload)))
			ended := cid.untilKind("match:ended")
			all := back(bob, "connected match:ended")
			shaped(t, "bob", all[1], `{"type":"match:ended","matchId":%q,"result":{"teams":[{"name":"A","rank":1},{"name":"B","rank":2}]}}`, call.MatchID)
			if fmt.Sprint(ended) != fmt.Sprint(all[1]) {
				t.Errorf("told differently: %v, %v", ended, all[1])
			}
			if seated := all[0]["lobby"] != nil; seated != (after == "reopen") || all[0]["matchData"] != nil {
				t.Error("back to", all[0])
			}
		})
	}
}
