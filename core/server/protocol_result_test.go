package server_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http/httptrace"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

// TestProtocolEnd plays matches to their ends by result.
func TestProtocolEnd(t *testing.T) {
	for after, told := range map[string]string{"delete": "match:ended lobby:deleted", "reopen": "match:ended lobby:updated"} {
		w := newWorld(t, fmt.Sprintf("after_match = %q", after), gameflowtest.Options{})
		ps, lobby := w.gathered("ann", "bob")
		ps[0].does(`{"type":"lobby:fill-bots","perTeam":2}`)
		ps[0].does(`{"type":"lobby:start"}`)
		for _, p := range ps {
			p.untilKind("match:started")
			p.hears()
		}
		must(t, report(t.Context(), []byte(w.platform.Calls()[0].Payload)))
		for _, p := range ps {
			all := p.hearsKinds(after, told)
			switch after {
			case "delete":
				shaped(t, after, all[1], `{"type":"lobby:deleted","lobbyId":%q,"reason":"match_over"}`, lobby["id"])
				if m := p.ask(`{"type":"lobby:leave"}`); m["code"] != "not_in_lobby" {
					t.Error("after the match:", m)
				}
			case "reopen":
				l := all[1]
				if l.at("lobby", "state") != "open" || len(l.at("lobby", "teamA").([]any)) != 2 || member(l["lobby"], p.id)["ready"] != false {
					t.Error("open, every human unready, bots kept:", l)
				}
			}
		}
	}
}

// TestProtocolMatchTimeout: match:failed match_timeout; a result comes too late.
func TestProtocolMatchTimeout(t *testing.T) {
	w := newWorld(t, `match_timeout = "1s"`, gameflowtest.Options{})
	ps, lobby := w.gathered("ann", "bob")
	ps[0].does(`{"type":"lobby:start"}`)
	m := ps[1].untilKind("match:failed")
	shaped(t, "match:failed", m, `{"type":"match:failed","lobbyId":%q,"matchId":"*","code":"match_timeout","message":"*"}`, lobby["id"])
	ps[1].seen = nil
	ps[1].hear("lobby:deleted")
	if err := report(t.Context(), []byte(w.platform.Calls()[0].Payload)); err == nil || !strings.Contains(err.Error(), "409") || !strings.Contains(err.Error(), "match_closed") {
		t.Error("a late result:", err)
	}
}

// TestProtocolLaunchAndResults holds the launch payload, the join ticket and the
// result call against their shapes.
func TestProtocolLaunchAndResults(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{})
	ps, lobby := w.gathered("ann", "bob")
	ann, bob := ps[0], ps[1]
	ann.does(`{"type":"lobby:update","properties":{"map":"docks"}}`)
	ann.does(`{"type":"lobby:fill-bots","perTeam":1}`)
	ann.does(`{"type":"lobby:update","maxPlayers":3}`)
	bob.does(`{"type":"lobby:team","team":"A"}`)
	ann.does(`{"type":"lobby:fill-bots","perTeam":1}`)
	ann.does(`{"type":"lobby:ready"}`)
	bob.does(`{"type":"lobby:ready"}`)
	ann.does(`{"type":"lobby:start","region":"eu"}`)
	started := bob.untilKind("match:started")
	call := w.platform.Calls()[0]
	var payload message
	must(t, json.Unmarshal([]byte(call.Payload), &payload))
	bot, _ := payload.at("teamB", 0).(string)
	matchID, _ := payload["matchId"].(string)
	shaped(t, "the launch payload", payload, `{"matchId":%q,"lobbyId":%q,"game":"arena","region":"eu","players":[%q,%q,%q],"teamA":[%q,%q],"teamB":[%q],
		"teams":[{"name":"A","players":[{"accountId":%q,"username":"ann","bot":false},{"accountId":%q,"username":"bob","bot":false}]},
			{"name":"B","players":[{"accountId":%q,"username":"Bot 1","bot":true}]}],
		"properties":{"map":"docks"},"resultUrl":"*","resultToken":"*","ticketKey":"*"}`,
		started.at("matchData", "matchId"), lobby["id"], ann.id, bob.id, bot, ann.id, bob.id, bot, ann.id, bob.id, bot)
	if call.Region != "eu" || !strings.HasPrefix(bot, "bot-") {
		t.Errorf("region %q, bot %q", call.Region, bot)
	}

	key, err := base64.RawURLEncoding.DecodeString(payload["ticketKey"].(string))
	if err != nil || len(key) != 32 {
		t.Fatalf("ticketKey %v, %d bytes", err, len(key))
	}
	claims := jwt.MapClaims{}
	_, err = jwt.ParseWithClaims(started.at("matchData", "ticket").(string), claims, func(*jwt.Token) (any, error) { return key, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithIssuer("muster"), jwt.WithAudience("arena"), jwt.WithSubject(bob.id), jwt.WithExpirationRequired(), jwt.WithIssuedAt())
	if err != nil || claims["mid"] != matchID || claims["name"] != "bob" || claims["team"] != "A" {
		t.Errorf("ticket %v: %v", claims, err)
	}

	url, token := payload["resultUrl"].(string), payload["resultToken"].(string)
	if want := w.url + "/games/arena/matches/" + matchID + "/result"; url != want {
		t.Errorf("resultUrl %s, want %s", url, want)
	}
	const good = `{"teams":[{"name":"A","rank":1},{"name":"B","rank":1}],"players":[{"accountId":%q,"score":-3.5,"stats":{"kills":7}},{"accountId":%q}],"properties":{"map":"docks"}}`
	body := fmt.Sprintf(good, ann.id, bot)
	for _, c := range []struct {
		why, token, body string
		status           int
		code             string
	}{
		{"no token", "", body, 401, "unauthorized"}, {"bad token", token + "x", body, 401, "unauthorized"}, {"a player's token", ann.token, body, 401, "unauthorized"},
		{"no JSON", token, `{`, 400, "invalid_result"}, {"empty", token, ``, 400, "invalid_result"}, {"no teams", token, `{}`, 400, "invalid_result"},
		{"every team once", token, `{"teams":[{"name":"A","rank":1}]}`, 400, "invalid_result"},
		{"every team once", token, `{"teams":[{"name":"A","rank":1},{"name":"A","rank":2}]}`, 400, "invalid_result"},
		{"unknown team", token, `{"teams":[{"name":"A","rank":1},{"name":"C","rank":2}]}`, 400, "invalid_result"},
		{"rank 1 is best", token, `{"teams":[{"name":"A","rank":0},{"name":"B","rank":1}]}`, 400, "invalid_result"},
		{"unknown player", token, `{"teams":[{"name":"A","rank":1},{"name":"B","rank":2}],"players":[{"accountId":"x"}]}`, 400, "invalid_result"},
		{"wrong type", token, `{"teams":[{"name":"A","rank":"1"},{"name":"B","rank":2}]}`, 400, "invalid_result"},
	} {
		res, m := w.call("POST", url, c.token, c.body)
		if res.StatusCode != c.status || m["code"] != c.code || m["error"] == "" {
			t.Errorf("%s: %s %v", c.why, res.Status, m)
		}
	}
	// The lobby ends earlier; the match outlives it, and its result is accepted and stored.
	ann.does(`{"type":"lobby:leave"}`)
	bob.does(`{"type":"lobby:leave"}`)
	res, first := w.callRaw("POST", url, token, body)
	var answer message
	must(t, json.Unmarshal(first, &answer))
	if res.StatusCode != 200 {
		t.Fatal(res.Status, answer)
	}
	shaped(t, "the result's answer", answer, `{"matchId":%q,"acceptedAt":"*","result":`+strings.Replace(good, "%q}]", "%q}]", 1)+`}`, matchID, ann.id, bot)
	for _, again := range []string{body, `{"teams":[{"name":"A","rank":2},{"name":"B","rank":1}]}`} {
		if res, raw := w.callRaw("POST", url, token, again); res.StatusCode != 200 || string(raw) != string(first) {
			t.Errorf("the same bytes at every repetition: %s %s", res.Status, raw)
		}
	}
	ann.hears()
	ann.silent("who left the lobby is told nothing of its match")
}

// TestProtocolEarlyResult: a result call waits until the start has ended, and is
// 409 match_closed if it failed.
func TestProtocolEarlyResult(t *testing.T) {
	for _, c := range []struct {
		answer gameflowtest.Behaviour
		want   string
	}{{gameflowtest.OK(), ""}, {gameflowtest.Lost(503), "409"}, {gameflowtest.Lost(500), "409"}} {
		w, g := gatedWorld(t, `after_match = "reopen"`)
		ps, _ := w.gathered("ann", "bob")
		ps[0].does(`{"type":"lobby:start"}`)
		call := <-g.arrived
		sent := make(chan struct{})
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(sent) }})
		answered := make(chan error, 1)
		go func() { answered <- report(ctx, []byte(call.Payload)) }()
		<-sent
		ps[1].does(`{"type":"ping"}`)
		select {
		case err := <-answered:
			t.Error("the result was answered while the start was under way:", err)
			answered <- err
		default:
		}
		g.answer <- c.answer
		err := <-answered
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "match_closed")) {
			t.Errorf("%s: answered %v, want %q", c.answer.Name, err, c.want)
		}
		if c.want == "" {
			ps[1].until("the end", func(m message) bool { return m.kind() == "match:ended" })
			if kinds := kinds(ps[1].seen); !strings.HasSuffix(kinds, "match:started") {
				t.Error("match:ended after", kinds)
			}
		}
	}
}
