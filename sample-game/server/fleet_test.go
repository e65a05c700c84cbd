package main

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

var testKey = []byte("0123456789abcdef0123456789abcdef")

const (
	testGame  = "arena"
	testMatch = "match-1"
	testToken = "result-token-of-the-test"
)

// fleet is a sidecar and the backend behind it, on a real port.
type fleet struct {
	server *httptest.Server

	mu       sync.Mutex
	payload  string
	calls    map[string]int
	players  []string
	seen     []string // everybody who ever was in players
	results  []json.RawMessage
	failures int // results to answer with 500
	watchers []chan struct{}
	watched  chan struct{} // closed at the first watcher
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{calls: map[string]int{}, watched: make(chan struct{})}
	f.server = httptest.NewServer(f)
	t.Cleanup(f.server.Close)
	return f
}

func (f *fleet) port() string {
	u, _ := url.Parse(f.server.URL)
	return u.Port()
}

func (f *fleet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[r.URL.Path]++
	var value struct {
		Value string `json:"value"`
	}
	_ = json.Unmarshal(body, &value)
	switch r.URL.Path {
	case "/gameserver":
		_ = json.NewEncoder(w).Encode(f.object())
	case "/watch/gameserver":
		f.watch(w, r)
	case "/result":
		f.result(w, r, body)
	case "/v1beta1/lists/players:addValue":
		if slices.Contains(f.players, value.Value) {
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, `{"code":6,"message":"there","details":[]}`)
			return
		}
		f.players, f.seen = append(f.players, value.Value), append(f.seen, value.Value)
		_, _ = io.WriteString(w, `{"name":"players","capacity":"8","values":[]}`)
	case "/v1beta1/lists/players:removeValue":
		f.players = slices.DeleteFunc(f.players, func(s string) bool { return s == value.Value })
		_, _ = io.WriteString(w, `{"name":"players","capacity":"8","values":[]}`)
	default:
		_, _ = io.WriteString(w, `{}`)
	}
}

// watch is called with the lock.
func (f *fleet) watch(w http.ResponseWriter, r *http.Request) {
	changed := make(chan struct{}, 1)
	if f.watchers = append(f.watchers, changed); len(f.watchers) == 1 {
		close(f.watched)
	}
	for {
		_ = json.NewEncoder(w).Encode(map[string]any{"result": f.object()})
		_ = http.NewResponseController(w).Flush()
		f.mu.Unlock()
		select {
		case <-changed:
			f.mu.Lock()
		case <-r.Context().Done():
			f.mu.Lock()
			return
		}
	}
}

func (f *fleet) result(w http.ResponseWriter, r *http.Request, body []byte) {
	switch {
	case r.Header.Get("Authorization") != "Bearer "+testToken:
		w.WriteHeader(http.StatusUnauthorized)
	case f.failures > 0:
		f.failures--
		w.WriteHeader(http.StatusInternalServerError)
	default:
		f.results = append(f.results, body)
		_, _ = io.WriteString(w, `{"matchId":"match-1"}`)
	}
}

func (f *fleet) object() map[string]any {
	return map[string]any{
		"object_meta": map[string]any{"name": "s", "annotations": map[string]string{"GAMEFLOW_PAYLOAD": f.payload}},
		"status":      map[string]any{"state": "Ready"},
	}
}

// hand gives the server its match.
func (f *fleet) hand(payload string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.payload = payload
	for _, w := range f.watchers {
		w <- struct{}{}
	}
}

// fail has the next n results answered by 500.
func (f *fleet) fail(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failures = n
}

// reported is the results that were taken.
func (f *fleet) reported() []json.RawMessage {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.results)
}

func (f *fleet) count(path string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[path]
}

// payload is for teams of the given ids; those that begin with "bot" are bots.
func (f *fleet) payloadFor(teams ...[]string) string {
	type member struct {
		AccountID string `json:"accountId"`
		Username  string `json:"username"`
		Bot       bool   `json:"bot"`
	}
	type team struct {
		Name    string   `json:"name"`
		Players []member `json:"players"`
	}
	list := []team{}
	for i, ids := range teams {
		t := team{Name: string(rune('A' + i))}
		for _, id := range ids {
			t.Players = append(t.Players, member{id, "name of " + id, len(id) > 3 && id[:3] == "bot"})
		}
		list = append(list, t)
	}
	raw, _ := json.Marshal(map[string]any{
		"matchId": testMatch, "game": testGame, "teams": list,
		"resultUrl": f.server.URL + "/result", "resultToken": testToken,
		"ticketKey": base64.RawURLEncoding.EncodeToString(testKey),
	})
	return string(raw)
}

// ticket is what the backend signs for a player.
func ticket(t *testing.T, id string) string {
	t.Helper()
	return signed(t, testKey, jwt.MapClaims{
		"iss": "muster", "aud": testGame, "sub": id, "mid": testMatch,
		"exp": time.Now().Add(time.Hour).Unix(),
	})
}

func signed(t *testing.T, key []byte, claims jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// freePort is one that nobody listens on now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}
