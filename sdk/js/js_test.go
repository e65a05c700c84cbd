package js

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// node runs node with a deadline; without node the test is skipped, but not where
// .ci/install-deps.sh has installed it.
func node(t *testing.T, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("node")
	switch {
	case err != nil && os.Getenv("CI") == "true":
		t.Fatal(err)
	case err != nil:
		t.Skip("node is not on PATH: the JavaScript client was not tested")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("node %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestClientIsEmbedded(t *testing.T) {
	if !bytes.Contains(Client, []byte("export class Muster ")) || !bytes.Contains(Types, []byte("export class Muster ")) {
		t.Error("the embedded files are not the client")
	}
	if m := regexp.MustCompile(`(?m)^\s*import\b|\bimport\(|\brequire\(`).Find(Client); m != nil {
		t.Errorf("the client must have no dependencies, it has %q", m)
	}
}

func TestJavaScript(t *testing.T) {
	files, err := filepath.Glob("test/*.test.mjs")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test files: %v", err)
	}
	node(t, append([]string{"--test"}, files...)...)
}

// The client over real sockets, with the WebSocket that Node brings (behind a flag
// in Node 20).
func TestRealSockets(t *testing.T) {
	s := &server{token: 1}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	out := node(t, "--no-warnings", "--experimental-websocket", "test/real.mjs", web.URL)
	if !strings.Contains(out, "played") {
		t.Errorf("it did not play to the end:\n%s", out)
	}
	want := "refresh rt-1,logout at-2"
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := strings.Join(s.calls, ","); got != want {
		t.Errorf("calls %q, want %q", got, want)
	}
}

// server is as much of Muster as test/real.mjs asks for. Token n is good while
// the server's token is n.
type server struct {
	mu    sync.Mutex
	token int
	calls []string
}

func (s *server) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, fmt.Sprintf(format, args...))
}

func (s *server) session() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf(`{"accessToken":"at-%d","refreshToken":"rt-%d","expiresAt":1,"account":{"id":"a-1","username":"Ada"}}`, s.token, s.token)
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct{ Username, RefreshToken string }
	json.NewDecoder(r.Body).Decode(&body)
	switch strings.TrimPrefix(r.URL.Path, "/games/arena") {
	case "/auth/anonymous":
		if body.Username == "" {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"error":"Username required","code":"username_required"}`)
			return
		}
		io.WriteString(w, s.session())
	case "/auth/refresh":
		s.note("refresh %s", body.RefreshToken)
		s.mu.Lock()
		s.token++
		s.mu.Unlock()
		io.WriteString(w, s.session())
	case "/auth/logout":
		s.note("logout %s", strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		w.WriteHeader(http.StatusNoContent)
	case "/_ws":
		s.serveSocket(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (s *server) serveSocket(w http.ResponseWriter, r *http.Request) {
	ws, err := (&websocket.Upgrader{Subprotocols: []string{"bearer"}}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	end := func(code int) {
		ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
		ws.ReadMessage() // the client's own close
	}
	if offered := websocket.Subprotocols(r); len(offered) != 2 || !strings.Contains(s.session(), offered[1]) || r.URL.RawQuery != "v=2" {
		ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"error","message":"Invalid token","code":"invalid_token"}`))
		end(4401)
		return
	}
	ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"connected","accountId":"a-1","username":"Ada"}`))
	for {
		var m struct{ Type, ID, Name string }
		if ws.ReadJSON(&m) != nil {
			return
		}
		reply := map[string]any{"type": "ack", "replyTo": m.ID, "version": 1}
		switch m.Type {
		case "test:drop":
			end(1001)
			return
		case "test:expire":
			end(4401)
			return
		case "ping":
			reply["type"] = "pong"
		case "lobby:create":
			reply["type"], reply["lobby"] = "lobby:created", map[string]any{"id": "l-1", "version": 1, "name": m.Name}
		case "lobby:start":
			reply["type"], reply["code"], reply["message"] = "error", "not_ready", "Not all players are ready"
		}
		if ws.WriteJSON(reply) != nil {
			return
		}
	}
}
