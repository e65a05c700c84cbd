package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/muster-gg/muster/core/wire"
	"github.com/muster-gg/muster/sdk/hook"
)

func TestNotify(t *testing.T) {
	n := start(t, func(s *setup) { s.Games[0].Duplicate = "allow" })
	ann, bob := n.player("ann"), n.player("bob")
	second := n.dial("/_ws?v=2&token="+token("ann"), nil)
	second.expect("connected")
	foreign := n.dial("/games/duel/_ws?token="+token("ann"), nil)
	foreign.expect("connected")
	before := time.Now().UnixMilli()
	n.must(n.Notify("arena", "ann", "gift", json.RawMessage(`{"coins":5}`)))
	n.must(n.Notify("arena", "ann", "ping", nil))
	n.must(n.Notify("arena", "nobody", "gift", nil))
	for _, c := range []*client{ann, second} {
		m := c.expect("notify")
		at, _ := m["at"].(float64)
		if m["kind"] != "gift" || m.at("payload", "coins") != 5.0 || int64(at) < before || len(m) != 4 {
			t.Errorf("got %v", m)
		}
		if m := c.expect("notify"); m["kind"] != "ping" || m["payload"] != nil || len(m) != 4 {
			t.Errorf("got %v", m)
		}
	}
	bob.silent()
	foreign.silent()
}

func TestNotifyRefuses(t *testing.T) {
	n := start(t, nil)
	ann := n.player("ann")
	for name, c := range map[string]struct{ account, kind, payload string }{
		"no account": {"", "k", "1"}, "no kind": {"ann", "", "1"}, "a long kind": {"ann", strings.Repeat("é", 65), "1"},
		"a kind that is no text": {"ann", "\xff", "1"}, "control characters": {"ann", "a\nb", "1"},
		"no JSON": {"ann", "k", "{"}, "two values": {"ann", "k", "1 2"}, "not UTF-8": {"ann", "k", "\"\xff\""},
		"deep": {"ann", "k", strings.Repeat("[", 33) + strings.Repeat("]", 33)}, "large": {"ann", "k", `"` + strings.Repeat("x", 16<<10-1) + `"`},
	} {
		if err := n.Notify("arena", c.account, c.kind, json.RawMessage(c.payload)); !errors.Is(err, hook.ErrInvalidNotice) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ann.silent()
	n.must(n.Notify("arena", "ann", strings.Repeat("é", 64), json.RawMessage(`"`+strings.Repeat("x", 16<<10-2)+`"`)))
	ann.expect("notify")
}

// watcher is an Events that writes down what it is told.
type watcher struct {
	mu  sync.Mutex
	log []string
	// closed is told of each end.
	closed chan struct{}
}

func (w *watcher) SessionOpened(account, username string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, fmt.Sprint("opened ", account, " ", username))
}

func (w *watcher) SessionClosed(account, username string, code int) {
	w.mu.Lock()
	w.log = append(w.log, fmt.Sprint("closed ", account, " ", username, " ", code))
	w.mu.Unlock()
	w.closed <- struct{}{}
}

func (w *watcher) told() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.log, ", ")
}

func TestSessionEvents(t *testing.T) {
	w := &watcher{closed: make(chan struct{}, 9)}
	n := start(t, func(s *setup) { s.Games[0].Events = w })
	n.dial("/_ws?token=bad", nil).closed(4401) // was never open
	ann := n.player("ann")
	n.dial("/games/duel/_ws?token="+token("ann"), nil).expect("connected") // of a game that does not listen
	if got := w.told(); got != "opened ann name of ann" {
		t.Errorf("told %s", got)
	}
	n.player("ann") // replaces the first
	ann.closed(4409)
	<-w.closed
	bob := n.player("bob")
	_ = bob.ws.NetConn().Close()
	<-w.closed
	want := []string{"closed ann name of ann 4409", "closed bob name of bob 1006", "opened ann name of ann", "opened ann name of ann", "opened bob name of bob"}
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.Sort(w.log) // of two sockets, each in order
	if !slices.Equal(w.log, want) {
		t.Errorf("told %q", w.log)
	}
}

// Each open socket ends once, with the code that says why.
func TestSessionCloseCodes(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*testing.T, *node, *client)
		code int
	}{
		"closed by the client": {func(_ *testing.T, _ *node, c *client) {
			_ = c.ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "bye"))
		}, 1000},
		"closed without a code": {func(_ *testing.T, _ *node, c *client) {
			_ = c.ws.WriteMessage(websocket.CloseMessage, nil)
		}, 1005},
		"broken": {func(_ *testing.T, _ *node, c *client) { _ = c.ws.NetConn().Close() }, 1006},
		"too big": {func(_ *testing.T, _ *node, c *client) {
			c.send(`{"type":"` + strings.Repeat("x", wire.MaxFrame) + `"}`)
			c.closed(1009)
			_ = c.ws.Close()
		}, 1009},
		"signed out": {func(t *testing.T, n *node, c *client) {
			n.answers("POST", "/auth/logout", token("ann"), "", 204)
			c.closed(4401)
		}, 4401},
		"the node ends": {func(t *testing.T, n *node, c *client) {
			n.Announce()
			n.dialRefused("/_ws?token=" + token("late"))
			var end sync.WaitGroup
			defer end.Wait()
			end.Go(func() {
				if err := n.Drain(t.Context()); err != nil {
					t.Error(err)
				}
			})
			c.closed(1001)
		}, 1001},
	} {
		t.Run(name, func(t *testing.T) {
			w := &watcher{closed: make(chan struct{}, 9)}
			n := start(t, func(s *setup) { s.Games[0].Events, s.Games[0].Duplicate = w, "refuse" })
			ann := n.player("ann")
			n.dial("/_ws?token="+token("ann"), nil).closed(4409) // is refused, so it was never open
			c.end(t, n, ann)
			<-w.closed
			n.must(n.Drain(t.Context())) // nothing is told after it
			if got, want := w.told(), fmt.Sprint("opened ann name of ann, closed ann name of ann ", c.code); got != want {
				t.Errorf("told %q, want %q", got, want)
			}
		})
	}
}

// dialRefused makes sure that no socket is opened.
func (n *node) dialRefused(path string) {
	n.t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial(n.url(path), nil)
	if err == nil {
		_ = ws.Close()
		n.t.Errorf("%s was opened", path)
	}
}
