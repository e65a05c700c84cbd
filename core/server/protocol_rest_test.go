package server_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

func TestProtocolRESTErrors(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{})
	ann := w.signs("ann")
	long := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct {
		sentence, method, path, token, body string
		status                              int
		text, code                          string // empty: any
	}{
		{"an unknown game is 404", "POST", "/games/nope/auth/anonymous", "", `{"username":"a"}`, 404, "Not Found", "not_found"},
		{"Not Found", "GET", "/nowhere", "", "", 404, "Not Found", "not_found"},
		{"also for a wrong method", "DELETE", "/lobbies", ann.token, "", 404, "Not Found", "not_found"},
		{"also for a wrong method", "GET", "/auth/anonymous", "", "", 404, "Not Found", "not_found"},
		{"no such provider in this game", "POST", "/auth/steam", "", `{}`, 404, "", "provider_unknown"},
		{"Username required", "POST", "/auth/anonymous", "", `{}`, 400, "Username required", "username_required"},
		{"Username required", "POST", "/auth/anonymous", "", `{"username":"   "}`, 400, "Username required", "username_required"},
		{"Invalid request body", "POST", "/auth/anonymous", "", ``, 400, "Invalid request body", "invalid_request"},
		{"Invalid request body", "POST", "/auth/anonymous", "", `{"username":`, 400, "Invalid request body", "invalid_request"},
		{"Invalid request body", "POST", "/auth/anonymous", "", `["ann"]`, 400, "Invalid request body", "invalid_request"},
		{"1–32 characters", "POST", "/auth/anonymous", "", `{"username":"` + long(33) + `"}`, 400, "", "username_invalid"},
		{"no control characters", "POST", "/auth/anonymous", "", `{"username":"a\u0007b"}`, 400, "", "username_invalid"},
		{"deviceId 16–128 characters", "POST", "/auth/anonymous", "", `{"username":"a","deviceId":"` + long(15) + `"}`, 400, "", "invalid_field"},
		{"deviceId 16–128 characters", "POST", "/auth/anonymous", "", `{"username":"a","deviceId":"` + long(129) + `"}`, 400, "", "invalid_field"},
		{"bodies over 64 KiB are 413", "POST", "/auth/anonymous", "", `{"username":"` + long(64<<10) + `"}`, 413, "", "too_large"},
		{"no bearer", "GET", "/accounts/me", "", "", 401, "Unauthorized", "unauthorized"},
		{"no bearer", "GET", "/lobbies", "", "", 401, "Unauthorized", "unauthorized"},
		{"no bearer", "POST", "/auth/logout", "", "", 401, "Unauthorized", "unauthorized"},
		{"no bearer", "POST", "/matches/x/result", "", "{}", 401, "Unauthorized", "unauthorized"},
		{"Invalid token", "GET", "/accounts/me", "nonsense", "", 401, "Invalid token", "invalid_token"},
		{"Invalid token", "GET", "/lobbies", ann.token + "x", "", 401, "Invalid token", "invalid_token"},
		{"refresh: a token that is none", "POST", "/auth/refresh", "", `{"refreshToken":"nonsense"}`, 401, "Invalid token", "invalid_token"},
		{"limit", "GET", "/lobbies?limit=0", ann.token, "", 400, "", "invalid_field"},
		{"limit", "GET", "/lobbies?limit=1001", ann.token, "", 400, "", "invalid_field"},
		{"cursor", "GET", "/lobbies?cursor=abc", ann.token, "", 400, "", "invalid_field"},
		{"logout: everywhere is a boolean", "POST", "/auth/logout", ann.token, `{"everywhere":"yes"}`, 400, "Invalid request body", "invalid_request"},
		{"results over 256 KiB are 413", "POST", "/matches/x/result", "t", long(256<<10 + 1), 413, "", "too_large"},
		{"results up to 256 KiB are read", "POST", "/matches/x/result", "t", long(256 << 10), 401, "", "unauthorized"},
	} {
		res, m := w.call(c.method, c.path, c.token, c.body)
		shaped(t, c.sentence+": shape", m, `{"error":"*","code":"*","requestId":"*"}`)
		if res.StatusCode != c.status || c.text != "" && m["error"] != c.text || m["code"] != c.code {
			t.Errorf("%s: %s %s: %d %v, want %d %s %q", c.sentence, c.method, c.path, res.StatusCode, m, c.status, c.code, c.text)
		}
	}
}

func TestProtocolCORS(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{})
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"OPTIONS", "/auth/anonymous", 204}, {"OPTIONS", "/games/arena/lobbies", 204}, {"OPTIONS", "/nowhere", 204},
		{"GET", "/lobbies", 401}, {"GET", "/nowhere", 404},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, w.url+c.path, nil)
		must(t, err)
		req.Header.Set("Origin", "https://any.example")
		req.Header.Set("Access-Control-Request-Headers", "authorization,content-type")
		res, err := reporter.Do(req)
		must(t, err)
		must(t, res.Body.Close())
		h := res.Header
		if res.StatusCode != c.status || h.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s %s: %d, allows %q", c.method, c.path, res.StatusCode, h.Get("Access-Control-Allow-Origin"))
		}
		if c.method == "OPTIONS" && (!strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") ||
			!strings.Contains(h.Get("Access-Control-Allow-Methods"), "DELETE")) {
			t.Errorf("%s: a preflight is answered %v", c.path, h)
		}
	}
}

func TestProtocolIndexAndAddressing(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{})
	_, m := w.call("GET", "/", "", "")
	shaped(t, "GET /", m, `{"message":"Game Backend API","version":"test","games":"*",
		"endpoints":{"auth":["/auth/anonymous"],"accounts":["/accounts/me"],"lobbies":["/lobbies"],"websocket":"/_ws?token=JWT_TOKEN"}}`)
	req, err := http.NewRequestWithContext(t.Context(), "GET", w.url+"/", nil)
	must(t, err)
	req.Header.Set("Accept", "text/html")
	res, err := reporter.Do(req)
	must(t, err)
	must(t, res.Body.Close())
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		t.Error("no page for browsers:", res.Header.Get("Content-Type"))
	}
	// The same call at the root and below the game: one account, one token.
	_, a := w.call("POST", "/auth/anonymous", "", `{"username":"ann","deviceId":"a device of sixteen"}`)
	_, b := w.call("POST", "/games/arena/auth/anonymous", "", `{"username":"ann","deviceId":"a device of sixteen"}`)
	if a.at("account", "id") != b.at("account", "id") {
		t.Error("deviceId should return the same account:", a, b)
	}
	for _, path := range []string{"/accounts/me", "/games/arena/accounts/me"} {
		if res, _ := w.call("GET", path, a["accessToken"].(string), ""); res.StatusCode != 200 {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if res, _ := w.call("GET", path, "", ""); res.StatusCode != 200 {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
}

func TestProtocolSignInAnswer(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{})
	res, m := w.call("POST", "/auth/anonymous", "", `{"username":"  Ann  "}`) // no Content-Type
	if res.StatusCode != 200 {
		t.Fatal(res.Status, m)
	}
	shaped(t, "sign-in answer", m, `{"accessToken":"*","refreshToken":"*","expiresAt":"*","account":{"id":"*","username":"Ann",
		"identities":[{"provider":"anonymous","username":"Ann","linkedAt":"*"}]}}`)
	id, token := m.at("account", "id"), m["accessToken"].(string)
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatal("the access token is no JWT")
	}
	decode := func(part string) (o map[string]any) {
		b, err := base64.RawURLEncoding.DecodeString(part)
		must(t, err)
		must(t, json.Unmarshal(b, &o))
		return o
	}
	if decode(parts[0])["kid"] == nil {
		t.Error("header has no kid")
	}
	claims := decode(parts[1])
	if claims["sub"] != id || claims["accountId"] != id || claims["game"] != "arena" || claims["sid"] == nil {
		t.Errorf("claims %v of account %v", claims, id)
	}
	iat, _ := claims["iat"].(float64)
	exp, _ := claims["exp"].(float64)
	if life := exp - iat; life < 720*3600-1 || life > 720*3600+1 || m["expiresAt"] != exp*1000 {
		t.Errorf("lives %v s, expiresAt %v", life, m["expiresAt"])
	}
	_, me := w.call("GET", "/accounts/me", token, "")
	shaped(t, "GET /accounts/me", me, `{"id":%q,"username":"Ann","createdAt":"*","identities":"*"}`, id)
	_, me = w.call("PATCH", "/accounts/me", token, `{"username":"Anna"}`)
	shaped(t, "PATCH /accounts/me", me, `{"id":%q,"username":"Anna","createdAt":"*","identities":"*"}`, id)
}

// TestProtocolRefreshReuse: the spent refresh token is dead, its second use revokes the whole chain.
func TestProtocolRefreshReuse(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{})
	ann := w.peer("ann")
	_, m := w.call("POST", "/auth/refresh", "", fmt.Sprintf(`{"refreshToken":%q}`, ann.refresh))
	shaped(t, "a new sign-in answer", m, `{"accessToken":"*","refreshToken":"*","expiresAt":"*","account":{"id":%q,"username":"ann","identities":"*"}}`, ann.id)
	fresh, second := m["accessToken"].(string), m["refreshToken"].(string)
	if res, _ := w.call("GET", "/accounts/me", fresh, ""); res.StatusCode != 200 {
		t.Error("the new access token:", res.Status)
	}
	ann.does(`{"type":"ping"}`) // the socket lives on
	if res, m := w.call("POST", "/auth/refresh", "", fmt.Sprintf(`{"refreshToken":%q}`, ann.refresh)); res.StatusCode != 401 {
		t.Error("the spent token:", res.Status, m)
	}
	for _, token := range []string{ann.token, fresh} {
		if res, m := w.call("GET", "/accounts/me", token, ""); res.StatusCode != 401 || m["error"] != "Invalid token" {
			t.Error("an access token of the chain:", res.Status, m)
		}
	}
	if res, _ := w.call("POST", "/auth/refresh", "", fmt.Sprintf(`{"refreshToken":%q}`, second)); res.StatusCode != 401 {
		t.Error("the chain's newest refresh token:", res.Status)
	}
	if _, code := ann.closed(); code != 4401 {
		t.Error("the chain's socket closed with", code)
	}
}

func TestProtocolLogout(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{})
	const device = `{"username":"ann","deviceId":"a device of sixteen"}`
	// Three sign-ins of one account; the lobby knows one socket at a time.
	var in []*peer
	for range 3 {
		_, m := w.call("POST", "/auth/anonymous", "", device)
		in = append(in, &peer{t: t, w: w, name: "ann", token: m["accessToken"].(string), refresh: m["refreshToken"].(string), id: m.at("account", "id").(string)})
	}
	alive := func(p *peer) bool {
		res, _ := w.call("GET", "/accounts/me", p.token, "")
		return res.StatusCode == 200
	}
	in[0].connect("")
	in[0].hear("connected")
	if res, _ := w.call("POST", "/auth/logout", in[1].token, ""); res.StatusCode != 204 { // an empty body is {}
		t.Fatal("logout:", res.Status)
	}
	in[0].does(`{"type":"ping"}`)
	if alive(in[1]) || !alive(in[0]) || !alive(in[2]) {
		t.Error("a logout should end its own sign-in alone")
	}
	if res, _ := w.call("POST", "/auth/refresh", "", fmt.Sprintf(`{"refreshToken":%q}`, in[1].refresh)); res.StatusCode != 401 {
		t.Error("the refresh chain lives on:", res.Status)
	}
	if res, _ := w.call("POST", "/auth/logout", in[2].token, `{"everywhere":true}`); res.StatusCode != 204 {
		t.Fatal("logout everywhere:", res.Status)
	}
	if _, code := in[0].closed(); code != 4401 {
		t.Error("socket closed with", code)
	}
	for i, p := range in {
		if alive(p) {
			t.Errorf("sign-in %d lives", i)
		}
		p.connect("")
		if last, code := p.closed(); last["message"] != "Invalid token" || code != 4401 {
			t.Errorf("a socket of sign-in %d: %v, %d", i, last, code)
		}
	}
}

func TestProtocolLobbyList(t *testing.T) {
	w, g := gatedWorld(t, "")
	ann := w.signs("looker")
	list := func(path string) (ids []string, next string) {
		t.Helper()
		res, raw := w.callRaw("GET", path, ann.token, "")
		var lobbies []message
		if err := json.Unmarshal(raw, &lobbies); err != nil || res.StatusCode != 200 {
			t.Fatalf("%s: %s %s", path, res.Status, raw)
		}
		for _, l := range lobbies {
			ids = append(ids, l["id"].(string))
		}
		if link := res.Header.Get("Link"); link != "" {
			target, rel, _ := strings.Cut(link, ">")
			if next = strings.TrimPrefix(target, "<"); rel != `; rel="next"` {
				t.Errorf("Link is %s", link)
			}
		}
		return ids, next
	}
	all := map[string]bool{}
	var ps []*peer
	for i := range 5 {
		p := w.peer(fmt.Sprint("p", i))
		l := p.does(`{"type":"lobby:create"}`).at("lobby")
		all[l.(map[string]any)["id"].(string)] = true
		ps = append(ps, p)
	}
	if ids, next := list("/lobbies"); len(ids) != 5 || next != "" {
		t.Errorf("without limit: %d lobbies, next %q", len(ids), next)
	}
	seen, pages := map[string]bool{}, 0
	for path := "/games/arena/lobbies?limit=2"; path != ""; pages++ {
		var ids []string
		ids, path = list(path)
		for _, id := range ids {
			if seen[id] || !all[id] {
				t.Errorf("page %d repeats or invents %s", pages, id)
			}
			seen[id] = true
		}
	}
	if len(seen) != 5 || pages != 3 {
		t.Errorf("%d lobbies on %d pages", len(seen), pages)
	}
	_, raw := w.callRaw("GET", "/lobbies", ann.token, "")
	var lobbies []any
	must(t, json.Unmarshal(raw, &lobbies))
	shaped(t, "a listed lobby", lobbies[4], `{"id":"*","code":"*","isPrivate":false,"ownerId":%q,"version":"*","name":"","state":"open",
		"hasPassword":false,"maxPlayers":8,"properties":{},"createdAt":"*","teamB":[],
		"teamA":[{"accountId":%q,"username":"p0","ready":false,"bot":false,"connected":true}]}`, ps[0].id, ps[0].id)

	// What is not listed: private, full of humans, starting, nobody connected. A bot's seat counts as free.
	ps[0].does(`{"type":"lobby:update","isPrivate":true}`)
	ps[1].does(`{"type":"lobby:update","maxPlayers":1}`)
	ps[2].does(`{"type":"lobby:fill-bots"}`)
	ps[2].does(`{"type":"lobby:ready"}`)
	ps[3].does(`{"type":"lobby:fill-bots"}`)
	ps[2].does(`{"type":"lobby:start"}`)
	<-g.arrived
	if ids, _ := list("/lobbies"); len(ids) != 2 {
		t.Errorf("%d lobbies are listed, want those of p3 and p4", len(ids))
	}
	watcher := w.peer("watcher")
	watcher.does(`{"type":"lobby:join","lobbyId":%q}`, mustLobby(t, ps[4]))
	ps[4].drop()
	watcher.until("that p4 is away", func(m message) bool { p := member(m["lobby"], ps[4].id); return p != nil && p["connected"] == false })
	if ids, _ := list("/lobbies"); len(ids) != 2 {
		t.Error("a lobby with a connected human is listed")
	}
	other := w.peer("other")
	other.does(`{"type":"lobby:create"}`)
	watcher.does(`{"type":"lobby:join","lobbyId":%q}`, mustLobby(t, other))
	if ids, _ := list("/lobbies"); len(ids) != 2 { // p3's and other's
		t.Errorf("a lobby without a connected human is not listed: %v", ids)
	}
	g.answer <- gameflowtest.OK()
}

// mustLobby is the id of the lobby in which a connected peer sits.
func mustLobby(t testing.TB, p *peer) string {
	t.Helper()
	p.say(`{"type":"lobby:update"}`) // changes nothing: the current one comes back
	return p.until("his lobby", func(m message) bool { return m.at("lobby", "ownerId") == p.id }).at("lobby", "id").(string)
}

// TestProtocolErase erases accounts that sit in a lobby and in a match.
func TestProtocolErase(t *testing.T) {
	w := newWorld(t, `after_match = "reopen"`, gameflowtest.Options{})
	ps, _ := w.gathered("ann", "bob", "cid", "dan")
	ann, bob, cid, dan := ps[0], ps[1], ps[2], ps[3]
	if res, _ := w.call("DELETE", "/accounts/me", dan.token, ""); res.StatusCode != 204 {
		t.Fatal("seated:", res.Status)
	}
	if all := ann.hears(); len(all) == 0 || member(all[len(all)-1]["lobby"], dan.id) != nil {
		t.Errorf("the others are told %v", all)
	}
	if _, code := dan.closed(); code != 4401 {
		t.Error("his socket closed with", code)
	}
	if res, m := w.call("GET", "/accounts/me", dan.token, ""); res.StatusCode != 401 || m["error"] != "Invalid token" {
		t.Error("his token:", res.Status, m)
	}
	ann.does(`{"type":"lobby:start"}`)
	for _, p := range ps[:3] {
		p.untilKind("match:started")
		p.hears()
	}
	if res, _ := w.call("DELETE", "/accounts/me", bob.token, ""); res.StatusCode != 204 {
		t.Fatal("in a match:", res.Status)
	}
	left := ann.hearsKinds("bob erased in a match", "lobby:updated")
	if len(left) == 1 && (member(left[0]["lobby"], bob.id) != nil || left[0].at("lobby", "state") != "in_match") {
		t.Error("the lobby is", left[0])
	}
	must(t, report(t.Context(), []byte(w.platform.Calls()[0].Payload))) // the match goes on to its end
	if end := cid.untilKind("match:ended"); end["result"] == nil {
		t.Error("ended", end)
	}
}
