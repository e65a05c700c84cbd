package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/lobby"
)

// do sends a request and returns status and body.
func (n *node) do(method, path, token, body string) (int, string) {
	n.t.Helper()
	status, _, text := n.full(method, path, token, body, nil)
	return status, text
}

func (n *node) get(path, token string) (int, string) { return n.do(http.MethodGet, path, token, "") }
func (n *node) post(path, token, body string) (int, string) {
	return n.do(http.MethodPost, path, token, body)
}

func (n *node) full(method, path, token, body string, header http.Header) (int, http.Header, string) {
	n.t.Helper()
	req, err := http.NewRequest(method, n.http.URL+path, strings.NewReader(body))
	n.must(err)
	for k, v := range header {
		req.Header[k] = v
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	n.must(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	n.must(err)
	return resp.StatusCode, resp.Header, string(text)
}

func TestRESTErrors(t *testing.T) {
	n := start(t, nil)
	big := strings.Repeat("x", 64<<10+1)
	deep := `{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`
	for _, c := range []struct {
		method, path, token, body string
		status                    int
		text, code                string
	}{
		{"GET", "/nothing", "", "", 404, "Not Found", "not_found"},
		{"GET", "/games/none/lobbies", "", "", 404, "Not Found", "not_found"},
		{"GET", "/auth/anonymous", "", "", 404, "Not Found", "not_found"},
		{"PUT", "/accounts/me", "", "", 404, "Not Found", "not_found"},
		{"POST", "/lobbies", token("a"), "", 404, "Not Found", "not_found"},
		{"POST", "/accounts/me/export", token("a"), "", 404, "Not Found", "not_found"},
		{"GET", "/accounts/me/export", "", "", 401, "Unauthorized", "unauthorized"},
		{"GET", "/accounts/me/export", token("a"), "", 401, "Invalid token", "invalid_token"},
		{"GET", "/rpc/x", token("a"), "", 404, "Not Found", "not_found"},
		{"POST", "/rpc/", token("a"), "", 404, "Not Found", "not_found"},
		{"POST", "/rpc/x/y", token("a"), "", 404, "Not Found", "not_found"},
		{"POST", "/rpc/x", "", "", 401, "Unauthorized", "unauthorized"},
		{"POST", "/rpc/x", token("a"), "", 404, "Unknown rpc", "not_found"},
		{"PUT", "/accounts/me/identities/discord", token("a"), "{}", 404, "Not Found", "not_found"},
		{"POST", "/accounts/me/identities/", token("a"), "{}", 404, "Not Found", "not_found"},
		{"POST", "/accounts/me/identities/discord/x", token("a"), "{}", 404, "Not Found", "not_found"},
		{"POST", "/accounts/me/identities/discord", "", "{}", 401, "Unauthorized", "unauthorized"},
		{"POST", "/accounts/me/identities/discord", token("a"), "", 400, "Invalid request body", "invalid_request"},
		{"POST", "/accounts/me/identities/discord", token("a"), "{}", 404, "Unknown sign-in provider", "provider_unknown"},
		{"DELETE", "/accounts/me/identities/discord", "", "", 401, "Unauthorized", "unauthorized"},
		{"DELETE", "/accounts/me/identities/discord", token("a"), "", 404, "Unknown sign-in provider", "provider_unknown"},
		{"GET", "/games/arena//lobbies", token("a"), "", 404, "Not Found", "not_found"},
		{"POST", "/auth/anonymous", "", `{}`, 400, "Username required", "username_required"},
		{"POST", "/auth/anonymous", "", ``, 400, "Invalid request body", "invalid_request"},
		{"POST", "/auth/anonymous", "", `null`, 400, "Invalid request body", "invalid_request"},
		{"POST", "/auth/anonymous", "", `[]`, 400, "Invalid request body", "invalid_request"},
		{"POST", "/auth/anonymous", "", `{"username":"x"} y`, 400, "Invalid request body", "invalid_request"},
		{"POST", "/auth/anonymous", "", "{\"username\":\"\xff\"}", 400, "Invalid request body", "invalid_request"},
		{"POST", "/auth/anonymous", "", deep, 400, "Invalid request body", "invalid_request"},
		{"POST", "/auth/anonymous", "", big, 413, "Request body too large", "too_large"},
		{"POST", "/auth/steam", "", `{}`, 404, "Unknown sign-in provider", "provider_unknown"},
		{"POST", "/auth/refresh", "", `{}`, 400, "Invalid request body", "invalid_request"},
		{"POST", "/auth/refresh", "", `{"refreshToken":"x"}`, 401, "Invalid token", "invalid_token"},
		{"POST", "/auth/logout", "", ``, 401, "Unauthorized", "unauthorized"},
		{"POST", "/auth/logout", token("a"), `{"everywhere":"yes"}`, 400, "Invalid request body", "invalid_request"},
		{"GET", "/accounts/me", "", "", 401, "Unauthorized", "unauthorized"},
		{"GET", "/accounts/me", "bad", "", 401, "Invalid token", "invalid_token"},
		{"GET", "/lobbies", "", "", 401, "Unauthorized", "unauthorized"},
		{"GET", "/lobbies", "bad", "", 401, "Invalid token", "invalid_token"},
		{"GET", "/lobbies?limit=0", token("a"), "", 400, "", "invalid_field"},
		{"GET", "/lobbies?limit=1001", token("a"), "", 400, "", "invalid_field"},
		{"GET", "/lobbies?limit=x", token("a"), "", 400, "", "invalid_field"},
		{"GET", "/lobbies?cursor=%00", token("a"), "", 400, "", "invalid_field"},
		{"PATCH", "/accounts/me", token("a"), `{}`, 400, "Username required", "username_required"},
		{"PATCH", "/accounts/me", token("a"), `{"username":5}`, 400, "", "username_invalid"},
		{"POST", "/matches/match1/result", "", "{}", 401, "Unauthorized", "unauthorized"},
		{"POST", "/matches/match1/result", "bad", "{}", 401, "Unauthorized", "unauthorized"},
		{"POST", "/matches/other/result", "result-token", "{}", 404, "Not Found", "not_found"},
		{"POST", "/matches/match1/result", "result-token", "closed", 409, "", "match_closed"},
		{"POST", "/matches/match1/result", "result-token", strings.Repeat("x", 256<<10+1), 413, "", "too_large"},
		{"GET", "/_ws?token=x", "", "", 426, "", "upgrade_required"},
		{"GET", "/play/", "", "", 404, "Not Found", "not_found"},
	} {
		status, header, text := n.full(c.method, c.path, c.token, c.body, nil)
		var body map[string]string
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			t.Errorf("%s %s: %q: %v", c.method, c.path, text, err)
			continue
		}
		if status != c.status || body["code"] != c.code || c.text != "" && body["error"] != c.text {
			t.Errorf("%s %s: %d %v", c.method, c.path, status, body)
		}
		if body["requestId"] == "" || body["requestId"] != header.Get("X-Request-Id") {
			t.Errorf("%s %s: request id %q, header %q", c.method, c.path, body["requestId"], header.Get("X-Request-Id"))
		}
	}
}

// TestTooLargeWithoutALength: a body in chunks says nothing of its size before.
func TestTooLargeWithoutALength(t *testing.T) {
	n := start(t, nil)
	req, err := http.NewRequest("POST", n.http.URL+"/auth/anonymous", io.LimitReader(strings.NewReader(strings.Repeat("x", 1<<17)), 1<<17))
	n.must(err)
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	n.must(err)
	defer resp.Body.Close()
	if resp.StatusCode != 413 {
		t.Error(resp.Status)
	}
}

func TestSignInAnswer(t *testing.T) {
	n := start(t, nil)
	for path, want := range map[string]string{
		"/auth/anonymous":          `{"accessToken":"token:s1:ann","account":{"id":"ann","username":"ann","identities":[{"provider":"anonymous","username":"ann","linkedAt":1700000000123}]},"refreshToken":"refresh:ann","expiresAt":1700003600123}`,
		"/games/duel/auth/discord": `{"accessToken":"token:s1:ann","account":{"id":"ann","username":"ann","discord":{"id":"42","username":"ann","avatar":"https://cdn.example.com/a.png"},"identities":[{"provider":"discord","username":"ann","linkedAt":1700000000123}]},"refreshToken":"refresh:ann","expiresAt":1700003600123}`,
	} {
		if status, body := n.post(path, "", `{"username":"ann"}`); status != 200 || body != want {
			t.Errorf("%s: %d\n%s\nwant\n%s", path, status, body, want)
		}
	}
	if got := n.identity["arena"].from; got != "127.0.0.1" {
		t.Errorf("remote address %q", got)
	}
	if status, body := n.post("/auth/refresh", "", `{"refreshToken":"refresh:ann"}`); status != 200 || !strings.Contains(body, `"accessToken":"token:s2:ann"`) {
		t.Errorf("%d %s", status, body)
	}
}

func TestAccount(t *testing.T) {
	n := start(t, nil)
	want := `{"id":"ann","username":"name of ann","createdAt":1700000000123,"identities":[]}`
	if status, body := n.get("/accounts/me", token("ann")); status != 200 || body != want {
		t.Errorf("%d %s", status, body)
	}
	ann := n.player("ann")
	want = `{"id":"ann","username":"Anna","createdAt":1700000000123,"identities":[]}`
	if status, body := n.do("PATCH", "/accounts/me", token("ann"), `{"username":"Anna"}`); status != 200 || body != want {
		t.Errorf("%d %s", status, body)
	}
	// Her open socket knows the new name.
	ann.send(`{"type":"lobby:create"}`)
	if m := ann.expect("lobby:created"); m.str("lobby", "teamA", 0, "username") != "Anna" {
		t.Errorf("%v", m)
	}
}

func TestResult(t *testing.T) {
	n := start(t, nil)
	want := `{"matchId":"match1","acceptedAt":1,"result":{"teams":[]}}`
	for _, path := range []string{"/matches/match1/result", "/games/arena/matches/match1/result"} {
		if status, body := n.post(path, "result-token", `{"teams":[]}`); status != 200 || body != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

func TestSignInLimit(t *testing.T) {
	n := start(t, func(s *setup) { s.Limits.SignIns = Rate{3, time.Hour} })
	for range 3 {
		if status, _ := n.post("/auth/anonymous", "", `{"username":"x"}`); status != 200 {
			t.Fatal(status)
		}
	}
	status, header, body := n.full("POST", "/auth/anonymous", "", `{"username":"x"}`, nil)
	if status != 429 || header.Get("Retry-After") == "" || !strings.Contains(body, "rate_limited") {
		t.Errorf("%d %v %s", status, header, body)
	}
	if status, _ := n.post("/auth/refresh", "", `{"refreshToken":"refresh:x"}`); status != 429 {
		t.Error(status)
	}
}

func TestCORS(t *testing.T) {
	dev := start(t, nil)
	prod := start(t, func(s *setup) { s.Development, s.Origins = false, []string{"https://play.example.com"} })
	for _, c := range []struct {
		n              *node
		method, origin string
		want           string
	}{
		{dev, "GET", "https://any.example.com", "*"},
		{dev, "OPTIONS", "https://any.example.com", "*"},
		{dev, "GET", "", "*"},
		{prod, "GET", "https://play.example.com", "https://play.example.com"},
		{prod, "OPTIONS", "https://play.example.com", "https://play.example.com"},
		{prod, "GET", "https://evil.example.com", ""},
		{prod, "OPTIONS", "https://evil.example.com", ""},
	} {
		status, header, body := c.n.full(c.method, "/accounts/me", "", "", http.Header{"Origin": {c.origin}})
		if got := header.Get("Access-Control-Allow-Origin"); got != c.want {
			t.Errorf("%s %s: %q", c.method, c.origin, got)
		}
		if c.method == "OPTIONS" && (status != 204 || body != "") {
			t.Errorf("OPTIONS: %d %q", status, body)
		}
		if allowed := header.Get("Access-Control-Allow-Headers"); (allowed != "") != (c.method == "OPTIONS" && c.want != "") {
			t.Errorf("%s %s: allowed headers %q", c.method, c.origin, allowed)
		}
	}
	if status, _ := dev.do("OPTIONS", "/no/such/path", "", ""); status != 204 {
		t.Error(status)
	}
}

func TestLobbyList(t *testing.T) {
	n := start(t, nil)
	if status, body := n.get("/lobbies", token("x")); status != 200 || body != "[]" {
		t.Errorf("%d %s", status, body)
	}
	var newest []string
	for i := range 7 {
		c := n.player(fmt.Sprint("p", i))
		c.send(fmt.Sprintf(`{"type":"lobby:create","name":"l%d"}`, i))
		newest = append([]string{c.expect("lobby:created").str("lobby", "id")}, newest...)
	}
	private := n.player("private")
	private.send(`{"type":"lobby:create","isPrivate":true}`)
	private.expect("lobby:created")
	list := func(path string) (ids []string, next string) {
		status, header, body := n.full("GET", path, token("x"), "", nil)
		var all []msg
		if err := json.Unmarshal([]byte(body), &all); status != 200 || err != nil {
			t.Fatalf("%d %s %v", status, body, err)
		}
		for _, l := range all {
			ids = append(ids, l.str("id"))
			if l.str("code") == "" || (l.at("teams") != nil) != strings.Contains(path, "v=2") {
				t.Errorf("%v", l)
			}
		}
		if link := header.Get("Link"); link != "" {
			next = strings.TrimSuffix(strings.TrimPrefix(link, "<"), `>; rel="next"`)
		}
		return ids, next
	}
	all, next := list("/lobbies")
	if len(all) != 7 || next != "" {
		t.Fatalf("%v %q", all, next)
	}
	for _, first := range []string{"/lobbies?limit=3", "/games/arena/lobbies?limit=3&v=2"} {
		var paged []string
		pages := 0
		for path := first; path != ""; pages++ {
			var ids []string
			ids, path = list(path)
			paged = append(paged, ids...)
		}
		if fmt.Sprint(paged) != fmt.Sprint(all) || pages != 3 {
			t.Errorf("%s: %d pages, %v, want %v", first, pages, paged, all)
		}
	}
	// A change is seen at once, at both levels.
	last := n.player("last")
	id, _ := last.create()
	if ids, _ := list("/lobbies"); len(ids) != 8 {
		t.Errorf("%v", ids)
	}
	if ids, _ := list("/lobbies?v=2"); len(ids) != 8 {
		t.Errorf("%v", ids)
	}
	last.send(`{"type":"lobby:leave"}`)
	last.expect("lobby:left")
	if ids, _ := list("/lobbies"); len(ids) != 7 || strings.Contains(fmt.Sprint(ids), id) {
		t.Errorf("%v", ids)
	}
	if status, body := n.get("/games/duel/lobbies", token("x")); status != 200 || body != "[]" {
		t.Errorf("another game's: %d %s", status, body)
	}
	_ = newest
}

// TestLobbyListIsBuiltOnce: as long as nothing changes, the very same bytes are sent.
func TestLobbyListIsBuiltOnce(t *testing.T) {
	var l lobbyList
	list := []lobby.Snapshot{{Lobby: &lobby.Lobby{ID: "a"}, Version: 1}}
	first := l.whole(list, 1, 1)
	if again := l.whole(list, 1, 1); &again[0] != &first[0] {
		t.Error("built again")
	}
	if other := l.whole(list, 1, 2); string(other) == string(first) {
		t.Error("both levels are the same")
	}
	next := l.whole(append(list, lobby.Snapshot{Lobby: &lobby.Lobby{ID: "b"}, Version: 2}), 2, 1)
	if string(next) == string(first) {
		t.Error("not built anew")
	}
	// A caller who looked at the older list gets that, and does not bring it back.
	if old := l.whole(list, 1, 1); string(old) != string(first) {
		t.Errorf("%s", old)
	}
	if again := l.whole(nil, 2, 1); string(again) != string(next) {
		t.Errorf("%s", again)
	}
}

func TestIndex(t *testing.T) {
	n := start(t, func(s *setup) { s.Games[0].Web = t.TempDir(); s.Games[1].Title = "<Duel>" })
	want := `{"message":"Game Backend API","version":"test","endpoints":{"auth":["/auth/anonymous"],"accounts":["/accounts/me"],"lobbies":["/lobbies"],"websocket":"/_ws?token=JWT_TOKEN"},"games":[{"name":"arena","title":"Arena","path":"/games/arena","play":"/games/arena/play/"},{"name":"duel","title":"\u003cDuel\u003e","path":"/games/duel"}]}`
	for _, accept := range []string{"", "*/*", "application/json", "text/html;q=0.5, application/json", "text/html;q=0"} {
		if status, _, body := n.full("GET", "/", "", "", http.Header{"Accept": {accept}}); status != 200 || body != want {
			t.Errorf("%q: %d %s", accept, status, body)
		}
	}
	_, header, body := n.full("GET", "/", "", "", http.Header{"Accept": {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}})
	if !strings.Contains(body, `href="/games/arena/play/"`) || strings.Contains(body, "<Duel>") || !strings.Contains(body, "&lt;Duel&gt;") ||
		header.Get("Content-Type") != "text/html; charset=utf-8" || strings.Contains(body, "http") {
		t.Errorf("%v\n%s", header, body)
	}
}

func TestIndexWithoutDefaultGame(t *testing.T) {
	n := start(t, func(s *setup) { s.DefaultGame = "" })
	if _, body := n.get("/", ""); !strings.Contains(body, `"lobbies":["/games/arena/lobbies"]`) {
		t.Error(body)
	}
	if status, _ := n.post("/auth/anonymous", "", `{"username":"x"}`); status != 404 {
		t.Error(status)
	}
	if status, _ := n.post("/games/arena/auth/anonymous", "", `{"username":"x"}`); status != 200 {
		t.Error(status)
	}
}

func TestHealthAndReadiness(t *testing.T) {
	var broken atomic.Pointer[error]
	broken.Store(new(error))
	n := start(t, func(s *setup) {
		s.Ready = func(context.Context) []Check { return []Check{{Name: "store"}, {Name: "fleet", Err: *broken.Load()}} }
	})
	if status, body := n.get("/healthz", ""); status != 200 || body != `{"status":"ok","version":"test"}` {
		t.Errorf("%d %s", status, body)
	}
	if status, body := n.get("/readyz", ""); status != 200 || body != `{"status":"ready","checks":[{"name":"store","ok":true},{"name":"fleet","ok":true}]}` {
		t.Errorf("%d %s", status, body)
	}
	detail := errors.New("inner detail")
	broken.Store(&detail)
	if status, body := n.get("/readyz", ""); status != 503 || body != `{"status":"not_ready","checks":[{"name":"store","ok":true},{"name":"fleet","ok":false}]}` {
		t.Errorf("%d %s", status, body)
	}
}

func TestPanicInAHandlerIs500(t *testing.T) {
	n := start(t, nil)
	n.games["arena"].Matches = nil
	status, body := n.post("/matches/match1/result", "x", "{}")
	if status != 500 || !strings.Contains(body, `"code":"internal"`) {
		t.Errorf("%d %s", status, body)
	}
	n.games["arena"].Matches = n.matches["arena"]
}
