package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/served"
)

// lender is a Servers that knows one key and answers as a test says.
type lender struct {
	made allocation.Server
	err  error
	gone error // what the caller is to be gone with

	mu    sync.Mutex
	calls []served.Call
}

func (l *lender) Knows(key string) bool { return key == "right" }

func (l *lender) Make(_ context.Context, c served.Call, tell func(allocation.Server, error) error) error {
	l.mu.Lock()
	l.calls = append(l.calls, c)
	l.mu.Unlock()
	if l.gone != nil {
		return l.gone
	}
	return tell(l.made, l.err)
}

// lending is a node whose game arena lends servers.
func lending(t testing.TB, limits Limits) (*node, *lender) {
	l := &lender{made: allocation.Server{Name: "gs-1", Address: "203.0.113.1", Port: 7000}}
	return start(t, func(s *setup) { s.Limits, s.Games[0].Servers = limits, l }), l
}

func keyed(key string) http.Header { return http.Header{"X-Api-Key": {key}} }

// TestServersAnswers: every outcome has the status from which callers conclude
// whether there may be a server.
func TestServersAnswers(t *testing.T) {
	none := func(cause error) error { return allocation.ErrFailed.With(allocation.None(cause)) }
	n, l := lending(t, Limits{})
	for name, c := range map[string]struct {
		err    error
		status int
		again  int // Retry-After
		code   int
	}{
		"made":        {nil, 200, 0, 0},
		"none":        {none(errors.New("status 403")), 503, 0, 14},
		"full":        {none(allocation.ErrFull), 503, 5, 14},
		"late":        {none(context.DeadlineExceeded), 504, 0, 4},
		"unknown":     {allocation.ErrUnknown.With(&allocation.UnknownError{Provider: "x", Cause: errors.New("cut")}), 500, 0, 13},
		"reused":      {served.ErrReused, 409, 0, 10},
		"busy":        {served.ErrBusy, 429, 1, 8},
		"about to go": {served.ErrClosed, 503, 2, 14},
		"any other":   {errors.New("secret"), 500, 0, 13},
	} {
		l.err = c.err
		status, header, body := n.full("POST", "/v1/games/arena/servers", "", `{}`, keyed("right"))
		want := `{"server":{"name":"gs-1","address":"203.0.113.1","port":7000}}`
		if c.code != 0 {
			want = fmt.Sprintf(`{"code":%d,`, c.code)
		}
		again := map[bool]string{true: strconv.Itoa(c.again)}[c.again > 0]
		if status != c.status || header.Get("Retry-After") != again || !strings.HasPrefix(body, want) || strings.Contains(body, "secret") {
			t.Errorf("%s: %d, Retry-After %q, %s", name, status, header.Get("Retry-After"), body)
		}
	}
	l.err = nil
	if _, _, body := n.full("POST", "/v1/fleets/arena/allocate", "", ``, keyed("right")); body != `{"name":"gs-1","address":"203.0.113.1","port":7000}` {
		t.Errorf("a fleet's server: %s", body)
	}
}

// TestServersCaller: one who is gone is not answered as if there were a server, or none.
func TestServersCaller(t *testing.T) {
	n, l := lending(t, Limits{})
	l.gone = context.Canceled
	req, err := http.NewRequest("POST", n.http.URL+"/v1/games/arena/servers", strings.NewReader(`{}`))
	n.must(err)
	req.Header = keyed("right")
	if res, err := n.http.Client().Do(req); err == nil {
		_ = res.Body.Close()
		t.Errorf("answered %s", res.Status)
	}
}

// TestServersRequest: what a caller says reaches the service, and what it may not
// say does not.
func TestServersRequest(t *testing.T) {
	n, l := lending(t, Limits{})
	const path = "/v1/games/arena/servers"
	with := func(key, value string) http.Header { h := keyed("right"); h.Set(key, value); return h }
	for _, c := range []struct {
		name, method, path, body string
		header                   http.Header
		status                   int
		want                     served.Call
	}{
		{"all", "POST", path, `{"region":"eu","payload":"{\"a\":1}","timeoutSeconds":30,"more":[1]}`, with("Idempotency-Key", "k"), 200,
			served.Call{APIKey: "right", IdempotencyKey: "k", Region: "eu", Payload: `{"a":1}`, Timeout: 30 * time.Second}},
		{"proto names", "POST", path, `{"timeout_seconds":"30","region":null}`, keyed("right"), 200, served.Call{APIKey: "right", Timeout: 30 * time.Second}},
		{"for ever", "POST", path, `{"timeoutSeconds":9000000000000000000}`, keyed("right"), 200, served.Call{APIKey: "right", Timeout: time.Hour}},
		{"longest payload", "POST", path, `{"payload":"` + strings.Repeat("x", 256<<10) + `"}`, keyed("right"), 200,
			served.Call{APIKey: "right", Payload: strings.Repeat("x", 256<<10)}},
		{"longer payload", "POST", path, `{"payload":"` + strings.Repeat("x", 256<<10+1) + `"}`, keyed("right"), 400, served.Call{}},
		{"longest body", "POST", path, `{"x":"` + strings.Repeat("x", 1<<20-8) + `"}`, keyed("right"), 200, served.Call{APIKey: "right"}},
		{"longer body", "POST", path, `{"x":"` + strings.Repeat("x", 1<<20-7) + `"}`, keyed("right"), 413, served.Call{}},
		{"half a number", "POST", path, `{"timeoutSeconds":1.5}`, keyed("right"), 400, served.Call{}},
		{"a word", "POST", path, `{"timeoutSeconds":"soon"}`, keyed("right"), 400, served.Call{}},
		{"a list", "POST", path, `[]`, keyed("right"), 400, served.Call{}},
		{"two values", "POST", path, `{} {}`, keyed("right"), 400, served.Call{}},
		{"long region", "POST", path, `{"region":"` + strings.Repeat("r", 65) + `"}`, keyed("right"), 400, served.Call{}},
		{"region in two lines", "POST", path, `{"region":"a\nb"}`, keyed("right"), 400, served.Call{}},
		{"long name", "POST", path, `{}`, with("Idempotency-Key", strings.Repeat("k", 256)), 400, served.Call{}},
		{"two names", "POST", path, `{}`, with("Idempotency-Key", "a b"), 400, served.Call{}},
		{"no key", "POST", path, `{}`, nil, 401, served.Call{}},
		{"two keys", "POST", path, `{}`, http.Header{"X-Api-Key": {"right", "right"}}, 401, served.Call{}},
		{"another header", "POST", path, `{}`, http.Header{"Authorization": {"Bearer right"}}, 401, served.Call{}},
		{"another method", "GET", path, ``, keyed("right"), 405, served.Call{}},
		{"a game that lends none", "POST", "/v1/games/duel/servers", `{}`, keyed("right"), 404, served.Call{}},
		{"no game", "POST", "/v1/games//servers", `{}`, keyed("right"), 404, served.Call{}},
		{"another call", "POST", "/v1/matchmaking/tickets", `{}`, keyed("right"), 404, served.Call{}},
	} {
		l.calls = nil
		status, header, body := n.full(c.method, c.path, "", c.body, c.header)
		if status != c.status || header.Get("Content-Type") != "application/json; charset=utf-8" || status != 200 && !strings.Contains(body, `"details":[]`) {
			t.Errorf("%s: %d %v %.300s", c.name, status, header, body)
		}
		if (status == 200) != (len(l.calls) == 1) || len(l.calls) == 1 && l.calls[0] != c.want {
			t.Errorf("%s: the service was asked %.300v", c.name, l.calls)
		}
	}
}

// TestServersKeyGuesses: an address that goes on with wrong keys learns nothing any
// more, not even that it found the right one. Right keys and sign-ins do not count.
func TestServersKeyGuesses(t *testing.T) {
	n, _ := lending(t, Limits{SignIns: Rate{3, time.Hour}})
	ask := func(key string) (int, http.Header) {
		status, header, _ := n.full("POST", "/v1/games/arena/servers", "", `{}`, keyed(key))
		return status, header
	}
	for range 10 {
		if status, _ := ask("right"); status != 200 {
			t.Fatalf("a right key: %d", status)
		}
	}
	for range 4 {
		n.post("/auth/anonymous", "", `{"username":"ann"}`)
	}
	for i, want := range []int{401, 401, 401, 429, 429} {
		if status, _ := ask("wrong"); status != want {
			t.Errorf("wrong key %d: %d", i, status)
		}
	}
	if status, header := ask("right"); status != 429 || header.Get("Retry-After") == "" {
		t.Errorf("the right key after them: %d %v", status, header)
	}
}

// TestServersDrain: a node that is about to end makes no more servers.
func TestServersDrain(t *testing.T) {
	n, l := lending(t, Limits{})
	n.Announce()
	status, header, _ := n.full("POST", "/v1/games/arena/servers", "", `{}`, keyed("right"))
	if status != 503 || header.Get("Retry-After") != "2" || len(l.calls) > 0 {
		t.Errorf("%d %v, the service was asked %v", status, header, l.calls)
	}
	if status, _, _ := n.full("POST", "/v1/games/arena/servers", "", `{}`, keyed("wrong")); status != 401 {
		t.Errorf("a wrong key: %d", status)
	}
}
