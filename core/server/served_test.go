package server_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

const lentKey = "a-key-of-the-fleet"

// lender is a node that lends the servers of its game, which are a stub's.
func lender(t testing.TB) (url string, platform *gameflowtest.Server) {
	t.Helper()
	platform = gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: "key"})
	t.Cleanup(platform.Close)
	game := strings.TrimSpace(stubGame("arena", platform.URL, ""))
	game = strings.TrimSuffix(game, "}") + fmt.Sprintf("  allocation_api {\n    keys = [\"another-key-of-it\", %q]\n  }\n}\n", lentKey)
	return startNode(t, strings.Replace(game, `timeout = "10s"`, `timeout = "60s"`, 1)).PublicURL(), platform
}

// lent asks for a server as any backend would.
func lent(t testing.TB, url, key, named, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	must(t, err)
	if key != "" {
		req.Header.Set("X-Api-Key", key)
	}
	if named != "" {
		req.Header.Set("Idempotency-Key", named)
	}
	res, err := reporter.Do(req)
	must(t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	must(t, err)
	return res, string(answer)
}

// lending is a call under way.
type lending struct {
	hangUp context.CancelFunc
	answer chan string // its status and body, or its error
}

func lend(t testing.TB, url, named, body string) *lending {
	ctx, cancel := context.WithCancel(t.Context())
	l := &lending{cancel, make(chan string, 1)}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/games/arena/servers", strings.NewReader(body))
	must(t, err)
	req.Header.Set("X-Api-Key", lentKey)
	if named != "" {
		req.Header.Set("Idempotency-Key", named)
	}
	go func() {
		res, err := reporter.Do(req)
		if err != nil {
			l.answer <- err.Error()
			return
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		l.answer <- fmt.Sprint(res.StatusCode, " ", string(text), " ", err)
	}()
	return l
}

// TestLentServers plays a match on a node whose servers another node lends it.
func TestLentServers(t *testing.T) {
	url, platform := lender(t)
	game := strings.Replace(stubGame("arena", url+"/v1", ""), `"g1"`, `"arena"`, 1)
	game = strings.Replace(game, `"key"`, fmt.Sprintf("%q", lentKey), 1)
	w := &world{t: t, url: startNode(t, strings.Replace(game, `timeout = "10s"`, `timeout = "60s"`, 1)).PublicURL()}
	ps, _ := w.gathered("ann", "bob")
	ps[0].does(`{"type":"lobby:start"}`)
	var told message
	for _, p := range ps {
		told = p.untilKind("match:started")
	}
	made := platform.Calls()
	if len(made) != 1 || fmt.Sprint(told.at("matchData", "server", "port")) != fmt.Sprint(made[0].Server.Port) ||
		told.at("matchData", "server", "address") != made[0].Server.Address || told.at("matchData", "matchId") != made[0].MatchID {
		t.Errorf("told %v, made %+v", told, made)
	}
}

// TestLentServersAnswers says how each call is answered, and what the provider
// of another node makes of what became of it.
func TestLentServersAnswers(t *testing.T) {
	const start, fleet, good = "/v1/games/arena/servers", "/v1/fleets/arena/allocate", `{"region":"eu","payload":"any text","timeoutSeconds":30}`
	url, platform := lender(t)
	for _, c := range []struct {
		name, path, key, body string
		answer                gameflowtest.Behaviour
		status                int
		want                  string
	}{
		{"start", start, lentKey, good, gameflowtest.OK(), 200, `{"server":{"name":"gs-`},
		{"another key", start, "another-key-of-it", good, gameflowtest.OK(), 200, `{"server":{`},
		{"numbers as text", start, lentKey, `{"timeout_seconds":"30","more":1}`, gameflowtest.OK(), 200, `{"server":{`},
		{"no time said", start, lentKey, `{"timeoutSeconds":0}`, gameflowtest.OK(), 200, `{"server":{`},
		{"nothing said", start, lentKey, ``, gameflowtest.OK(), 200, `{"server":{`},
		{"warm fleet", fleet, lentKey, `{"region":"eu","payload":""}`, gameflowtest.OK(), 200, `{"name":"gs-`},
		{"no key", start, "", good, gameflowtest.OK(), 401, `"code":16`},
		{"wrong key", start, lentKey + "x", good, gameflowtest.OK(), 401, `"code":16`},
		{"no such game", "/v1/games/duel/servers", lentKey, good, gameflowtest.OK(), 404, `"code":5`},
		{"no such call", "/v1/games/arena", lentKey, good, gameflowtest.OK(), 404, `"code":5`},
		{"no JSON", start, lentKey, `{"region":`, gameflowtest.OK(), 400, `"code":3`},
		{"wrong type", start, lentKey, `{"payload":{}}`, gameflowtest.OK(), 400, `"code":3`},
		{"negative time", start, lentKey, `{"timeoutSeconds":-1}`, gameflowtest.OK(), 400, `"code":3`},
		{"bad region", start, lentKey, `{"region":"a b"}`, gameflowtest.OK(), 400, `"code":3`},
		{"long payload", start, lentKey, `{"payload":"` + strings.Repeat("x", 256<<10+1) + `"}`, gameflowtest.OK(), 400, `"code":3`},
		{"huge body", start, lentKey, `{"payload":"` + strings.Repeat("x", 1<<20) + `"}`, gameflowtest.OK(), 413, `"code":3`},
		{"none could be made", start, lentKey, good, gameflowtest.Status(403), 503, `"code":14`},
		{"no time for one", start, lentKey, `{"timeoutSeconds":5}`, gameflowtest.OK(), 504, `"code":4`},
		{"nobody knows", start, lentKey, good, gameflowtest.Lost(500), 500, `"code":13`},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := platform.Count()
			if c.status == 200 || c.status == 503 || c.status == 500 {
				platform.Script(c.answer)
			}
			res, body := lent(t, url+c.path, c.key, "", c.body)
			if res.StatusCode != c.status || !strings.Contains(body, c.want) || strings.Contains(body, lentKey) {
				t.Errorf("answered %s %s, want %d with %s", res.Status, body, c.status, c.want)
			}
			asked := c.status == 200 || c.status == 503 || c.status == 500
			if (platform.Count() > before) != asked {
				t.Errorf("%d calls of the platform", platform.Count()-before)
			}
		})
	}
	// What the provider of another node understands.
	p, err := gameflow.New(gameflow.Options{URL: url + "/v1", GameID: "arena", APIKey: lentKey, Timeout: 30 * time.Second})
	must(t, err)
	defer p.Close()
	for _, c := range []struct {
		answer        gameflowtest.Behaviour
		fails, isNone bool
	}{
		{gameflowtest.OK(), false, false}, {gameflowtest.Status(503), true, true}, {gameflowtest.Status(504), true, true},
		{gameflowtest.Cut(), true, false}, {gameflowtest.Garbage("{}"), true, false},
	} {
		platform.Script(c.answer)
		_, err := p.Allocate(t.Context(), allocation.Request{Game: "arena", MatchID: "m", Payload: func(string) ([]byte, error) { return []byte("{}"), nil }})
		if (err != nil) != c.fails || allocation.IsNone(err) != c.isNone {
			t.Errorf("%s: %v", c.answer.Name, err)
		}
	}
}

// TestLentServersOnce: a call that comes again with its key gets the same server.
func TestLentServersOnce(t *testing.T) {
	url, platform := lender(t)
	ask := func(key, named, body string) (int, string) {
		res, answer := lent(t, url+"/v1/games/arena/servers", key, named, body)
		return res.StatusCode, answer
	}
	_, first := ask(lentKey, "one", `{"payload":"a"}`)
	if _, again := ask(lentKey, "one", `{"payload":"a"}`); again != first || platform.Made() != 1 {
		t.Errorf("answered %s, then %s; %d made", first, again, platform.Made())
	}
	if status, answer := ask(lentKey, "one", `{"payload":"b"}`); status != 409 {
		t.Error("the key for another call:", status, answer)
	}
	if _, other := ask("another-key-of-it", "one", `{"payload":"a"}`); other == first {
		t.Error("two callers share a key")
	}
	platform.Script(gameflowtest.Status(503), gameflowtest.OK(), gameflowtest.Cut())
	for i, want := range []int{503, 200, 200} {
		if status, answer := ask(lentKey, "two", ``); status != want {
			t.Errorf("try %d: %d %s", i, status, answer)
		}
	}
	made := platform.Made()
	for range 2 { // what nobody knows is not tried again
		if status, answer := ask(lentKey, "three", ``); status != 500 {
			t.Error("unknown:", status, answer)
		}
	}
	if platform.Made() != made+1 {
		t.Errorf("%d made", platform.Made()-made)
	}
}
